import type { ReactNode } from 'react'

function Icon ({ children, size = 20 }: { children: ReactNode, size?: number }) {
  return (
    <svg className='icon' width={size} height={size} viewBox='0 0 20 20' fill='none' stroke='currentColor' strokeWidth='1.6' strokeLinecap='round' strokeLinejoin='round' aria-hidden='true' focusable='false'>
      {children}
    </svg>
  )
}

export const CheckIcon = () => <Icon><path d='m5 10.6 3.3 3.3L15 6.8' /></Icon>
export const PlusIcon = () => <Icon><path d='M10 4.5v11M4.5 10h11' /></Icon>
export const SearchIcon = () => <Icon><circle cx='9' cy='9' r='5.2' /><path d='m13 13 3.400 3.400' /></Icon>
export const TrashIcon = () => <Icon><path d='M4 5.8h12M8.2 5.6V4.2h3.6v1.4M5.6 6l.6 9.1c0 .6.5 1 1 1h5.6c.5 0 1-.4 1-1l.6-9.1M8.6 9v4.3M11.4 9v4.3' /></Icon>
export const RestoreIcon = () => <Icon><path d='M4.200 8.200h7.600a3.700 3.700 0 0 1 0 7.400H7.400M7.200 5 4 8.200l3.200 3.200' /></Icon>
export const MoveIcon = () => <Icon><path d='M10 3.800v12.400M6.800 6.800 10 3.600l3.200 3.200M6.800 13.200l3.200 3.200 3.200-3.200' /></Icon>
export const BackIcon = () => <Icon><path d='m11.5 5-5 5 5 5' /></Icon>
export const ChevronIcon = () => <Icon><path d='m7.500 5 5 5-5 5' /></Icon>
export const CloseIcon = () => <Icon><path d='m6 6 8 8M14 6l-8 8' /></Icon>
export const AlertIcon = () => <Icon><circle cx='10' cy='10' r='7' /><path d='M10 6.6v4M10 13.3v.1' /></Icon>
export const EyeIcon = () => <Icon><path d='M2.8 10S5.4 5.2 10 5.2 17.2 10 17.2 10 14.6 14.8 10 14.8 2.8 10 2.8 10Z' /><circle cx='10' cy='10' r='2.1' /></Icon>
export const EyeOffIcon = () => <Icon><path d='M8 5.5a7 7 0 0 1 2-.3c4.600 0 7.200 4.800 7.200 4.800a12 12 0 0 1-2 2.500M5.600 6.700A12 12 0 0 0 2.800 10s2.600 4.800 7.200 4.800c1.300 0 2.400-.4 3.400-.9M3.600 3.600l12.800 12.800' /></Icon>
