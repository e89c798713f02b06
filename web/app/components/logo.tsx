/** The mark: a horizon that turns into a tick, and the sun above it. */
export function LogoMark ({ size = 28 }: { size?: number }) {
  return (
    <svg className='logo-mark' width={size} height={size} viewBox='0 0 32 32' aria-hidden='true' focusable='false'>
      <rect className='logo-mark__tile' width='32' height='32' rx='9' />
      <circle className='logo-mark__sun' cx='12.800' cy='10.800' r='3.900' />
      <path className='logo-mark__tick' d='M5.800 19.200h4.900l4.600 4.700L26.200 12.200' />
    </svg>
  )
}

export function Logo () {
  return (
    <span className='logo'>
      <LogoMark />
      <span className='logo__word'>Daymark</span>
    </span>
  )
}
