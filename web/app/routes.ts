import type { UNSAFE_RouteConfigEntry as RouteConfigEntry } from '@remix-run/dev'

export default [
  { index: true, file: 'routes/landing.tsx' },
  { path: 'signup', file: 'routes/sign-up.tsx' },
  { path: 'login', file: 'routes/log-in.tsx' },
  { path: 'logout', file: 'routes/log-out.tsx' },
  { path: 'forgot-password', file: 'routes/forgot-password.tsx' },
  { path: 'reset-password', file: 'routes/reset-password.tsx' },
  { path: 'verify-email', file: 'routes/verify-email.tsx' },
  { path: 'change-email', file: 'routes/change-email.tsx' },
  { path: 'take-back', file: 'routes/take-back.tsx' },
  { path: 'confirm', file: 'routes/confirm.tsx' },
  { path: 'settings', file: 'routes/settings.tsx' },
  { path: 'settings/export', file: 'routes/export.tsx' },
  { path: 'settings/export/daymark.json', file: 'routes/export-file.ts' },
  { path: 'settings/delete', file: 'routes/delete-account.tsx' },
  { path: 'goodbye', file: 'routes/goodbye.tsx' },
  {
    path: 'admin',
    file: 'routes/admin.tsx',
    children: [
      { index: true, file: 'routes/admin-users.tsx' },
      { path: 'users/:id', file: 'routes/admin-user.tsx' },
      { path: 'audit', file: 'routes/admin-audit.tsx' },
      { path: 'keys', file: 'routes/admin-keys.tsx' },
    ],
  },
  { path: 'dashboard', file: 'routes/dashboard.tsx' },
  { path: 'tasks/:id', file: 'routes/task.tsx' },
  { path: 'trash', file: 'routes/trash.tsx' },
  { path: '*', file: 'routes/not-found.tsx' },
] satisfies RouteConfigEntry[]
