/** The mark: a sun that clears the horizon, with the tick of a day well spent. */
export function LogoMark ({ size = 28 }: { size?: number }) {
  return (
    <svg className='logo-mark' width={size} height={size} viewBox='0 0 32 32' aria-hidden='true' focusable='false'>
      <rect className='logo-mark__tile' width='32' height='32' rx='9' />
      <path className='logo-mark__sun' d='M7.500 20.500a8.500 8.500 0 0 1 17 0Z' />
      <path className='logo-mark__line' d='M5.500 20.500h21M10.500 24.800h11' />
      <path className='logo-mark__tick' d='m12.600 15.900 2.700 2.600 4.700-5.100' />
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
