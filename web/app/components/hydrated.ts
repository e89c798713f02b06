import { useSyncExternalStore } from 'react'

const never = () => () => {}

/** False on the server and in the first render of the browser, then true: what is only there with JavaScript waits for it. */
export const useHydrated = () => useSyncExternalStore(never, () => true, () => false)
