import { createContext, useContext } from 'react'

/** The nonce of this response; only the server knows it, browsers hide it from scripts. */
export const Nonce = createContext('')
export const useNonce = () => useContext(Nonce)
