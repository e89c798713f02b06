import { randomUUID } from 'node:crypto'
import interLatin from '@fontsource-variable/inter/files/inter-latin-opsz-normal.woff2?url'
import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Form, Link, Links, Meta, Outlet, Scripts, ScrollRestoration, useMatches, useNavigation, useRouteLoaderData } from '@remix-run/react'
import type { ReactNode } from 'react'
import { FormToken, revalidateAfterRefusal } from './components/form-token.tsx'
import { useHydrated } from './components/hydrated.ts'
import { LiveChanges } from './components/live-changes.tsx'
import { Logo } from './components/logo.tsx'
import { NoticeBoard } from './components/notice.tsx'
import { TroublePage, troubleOf } from './components/trouble-page.tsx'
import { useNonce } from './nonce.ts'
import stylesheet from './styles/daymark.css?url'

export const links: LinksFunction = () => [
  { rel: 'preload', href: interLatin, as: 'font', type: 'font/woff2', crossOrigin: 'anonymous' },
  { rel: 'stylesheet', href: stylesheet },
  { rel: 'icon', href: '/favicon.svg', type: 'image/svg+xml' },
]

export const meta: MetaFunction = ({ error }) => [{ title: error ? `${troubleOf(error).title} · Daymark` : 'Daymark' }]

/** Who is signed in, for the header, and the token for its form; the key by which this page's forms have one effect each, and when it was loaded. */
export async function loader ({ context }: LoaderFunctionArgs) {
  const { user } = context
  return {
    user: user && { name: user.display_name ?? user.email, email: user.email, isAdmin: user.role === 'admin', timeZone: user.time_zone ?? null },
    formToken: user ? context.formToken() : null,
    formKey: user ? randomUUID() : null,
    loadedAt: Date.now(),
  }
}

export const shouldRevalidate = revalidateAfterRefusal

/** The frame of every page, also of those that say what went wrong. */
export function Layout ({ children }: { children: ReactNode }) {
  const nonce = useNonce()
  const isBusy = useNavigation().state !== 'idle'
  return (
    <html lang='en'>
      <head>
        <meta charSet='utf-8' />
        <meta name='viewport' content='width=device-width, initial-scale=1' />
        <meta name='color-scheme' content='light dark' />
        <meta name='theme-color' media='(prefers-color-scheme: light)' content='#f7f8f6' />
        <meta name='theme-color' media='(prefers-color-scheme: dark)' content='#101311' />
        <meta name='description' content='A calm place for everything you mean to do, on a server of your own.' />
        <Meta />
        <Links />
      </head>
      <body>
        <a className='skip-link' href='#main'>Skip to the content</a>
        <div className='progress' data-busy={isBusy || undefined} aria-hidden='true' />
        <Header />
        <main id='main' tabIndex={-1}>{children}</main>
        <ScrollRestoration nonce={nonce} />
        <Live />
        <Scripts nonce={nonce} />
      </body>
    </html>
  )
}

/** Behind the restoration of the scroll position, so that it has the last word. */
function Live () {
  const loaded = useRouteLoaderData<typeof loader>('root')
  const showsTasks = useMatches().some(({ handle }) => (handle as { showsTasks?: boolean } | undefined)?.showsTasks === true)
  return useHydrated() && loaded?.user && showsTasks ? <LiveChanges loadedAt={loaded.loadedAt} isAdmin={loaded.user.isAdmin} /> : null
}

function Header () {
  const user = useRouteLoaderData<typeof loader>('root')?.user
  return (
    <header className='header'>
      <Link className='header__home' to={user ? '/dashboard' : '/'} aria-label={user ? 'Daymark, your tasks' : 'Daymark, start page'}><Logo /></Link>
      {user
        ? (
          <div className='header__account'>
            <span className='header__name' title={user.email}>{user.name}</span>
            {user.isAdmin && <Link className='button button--quiet header__admin' to='/admin'>Admin<span className='header__long'>istration</span></Link>}
            <Link className='button button--quiet' to='/settings'>Settings</Link>
            <Form method='post' action='/logout' reloadDocument>
              <FormToken />
              <button className='button button--quiet'>Sign out</button>
            </Form>
          </div>
          )
        : (
          <nav className='header__account' aria-label='Account'>
            <Link className='button button--quiet' to='/login'>Log in</Link>
            <Link className='button button--small' to='/signup'>Sign up</Link>
          </nav>
          )}
    </header>
  )
}

export default function App () {
  return <NoticeBoard><Outlet /></NoticeBoard>
}

export function ErrorBoundary () {
  return <TroublePage />
}
