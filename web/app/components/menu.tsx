import { type ReactNode, forwardRef } from 'react'

interface MenuProps {
  className: string
  /** Whether it stays when the focus leaves it. */
  isHeld?: () => boolean
  children: ReactNode
}

/** What unfolds from its `summary`. With JavaScript it folds again by Escape, and when the focus goes elsewhere. */
export const Menu = forwardRef<HTMLDetailsElement, MenuProps>(function Menu ({ className, isHeld = () => false, children }, ref) {
  return (
    <details
      ref={ref} className={className}
      onBlur={({ currentTarget, relatedTarget }) => { if (!isHeld() && relatedTarget !== null && !currentTarget.contains(relatedTarget)) currentTarget.open = false }}
      onKeyDown={({ key, currentTarget }) => {
        if (key !== 'Escape' || !currentTarget.open) return
        currentTarget.open = false
        currentTarget.querySelector('summary')?.focus()
      }}
    >
      {children}
    </details>
  )
})
