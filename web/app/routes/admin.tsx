import { NavLink, Outlet } from '@remix-run/react'

const parts = [{ to: '/admin', name: 'Accounts' }, { to: '/admin/audit', name: 'Audit log' }, { to: '/admin/keys', name: 'Signing keys' }]

/** The frame of the pages for administrators; each of them lets on only whom it is for. */
export default function AdminFrame () {
  return (
    <div className='admin'>
      <nav className='filter' aria-label='Administration'>
        {parts.map(({ to, name }) => <NavLink key={to} className='filter__choice' to={to} end={to === '/admin'}>{name}</NavLink>)}
      </nav>
      <Outlet />
    </div>
  )
}
