import type { UNSAFE_RouteConfigEntry as RouteConfigEntry } from '@remix-run/dev'

export default [
  { index: true, file: 'routes/landing.tsx' },
  { path: 'signup', file: 'routes/sign-up.tsx' },
  { path: 'login', file: 'routes/log-in.tsx' },
  { path: 'logout', file: 'routes/log-out.tsx' },
  { path: 'dashboard', file: 'routes/dashboard.tsx' },
  { path: 'tasks/:id', file: 'routes/task.tsx' },
  { path: '*', file: 'routes/not-found.tsx' },
] satisfies RouteConfigEntry[]
