import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { CheckIcon, PlusIcon } from '../components/icons.tsx'

export const meta: MetaFunction = () => [{ title: 'Daymark: a clear view of what there is to do' }]

export async function loader ({ context }: LoaderFunctionArgs) {
  return { isSignedIn: context.user !== null }
}

const promises = [
  { title: 'Nothing is lost', text: 'Delete without being asked whether you are sure. It can always be taken back, and two open tabs never overwrite each other.' },
  { title: 'It stays yours', text: 'Daymark runs on your own server, on plain PostgreSQL. No tracking, no third parties, nothing that phones home.' },
  { title: 'It works everywhere', text: 'On a phone or a wall-sized screen, by keyboard alone, in the dark, on a slow line, even with JavaScript switched off.' },
]

export default function LandingPage () {
  const { isSignedIn } = useLoaderData<typeof loader>()
  return (
    <div className='landing'>
      <section className='hero'>
        <h1>A clear view of what there is to&nbsp;do</h1>
        <p className='hero__lead'>Daymark is a quiet task list on a server of your own. Write things down, tick them off, and trust that they will still be there in ten years.</p>
        <p className='hero__ways'>
          {isSignedIn
            ? <Link className='button button--large' to='/dashboard'>Go to your tasks</Link>
            : (
              <>
                <Link className='button button--large' to='/signup'>Create your account</Link>
                <Link className='button button--large button--quiet' to='/login'>Log in</Link>
              </>
              )}
        </p>
      </section>

      <Picture />

      <section className='promises' aria-label='What Daymark promises'>
        {promises.map(({ title, text }) => (
          <div key={title} className='promise'>
            <h2>{title}</h2>
            <p>{text}</p>
          </div>
        ))}
      </section>
      <footer className='landing__foot'>
        <p>Daymark is free software under the MIT licence.</p>
      </footer>
    </div>
  )
}

const pictured = [
  { title: 'Book the ferry for the long weekend', note: 'The morning one, with the bicycles', isDone: false },
  { title: 'Send Ada the notes from Thursday', isDone: false },
  { title: 'Repot the lemon tree', isDone: true },
  { title: 'Ask the landlord about the north window', note: 'It sticks when it rains', isDone: false },
]

/** The product as it is, in real text; a picture only in that nothing in it can be pressed. */
function Picture () {
  return (
    <div className='picture' role='img' aria-label='A Daymark list with four tasks, one of them ticked off'>
      <svg className='picture__sky picture__rings' viewBox='0 0 1200 520' preserveAspectRatio='xMidYMin slice' fill='none' aria-hidden='true'>
        <circle cx='600' cy='310' r='370' /><circle cx='600' cy='310' r='470' /><circle cx='600' cy='310' r='570' />
      </svg>
      <svg className='picture__sky' viewBox='0 0 1200 520' preserveAspectRatio='xMidYMin slice' aria-hidden='true'>
        <circle className='picture__sun' cx='600' cy='310' r='280' />
      </svg>
      <div className='picture__card' aria-hidden='true'>
        <div className='picture__head'>
          <p className='picture__title'>Tasks</p>
          <p className='filter'><span className='filter__choice' data-current>Open</span><span className='filter__choice'>Done</span><span className='filter__choice'>All</span></p>
        </div>
        <p className='quick-add__line picture__add'><span className='quick-add__input'>What is to be done?</span><span className='quick-add__button'><PlusIcon /><span>Add</span></span></p>
        <div className='task-list'>
          {pictured.map(({ title, note, isDone }) => (
            <div key={title} className='task' data-completed={isDone || undefined}>
              <span className='task__tick'><span className='task__box'><CheckIcon /></span></span>
              <div className='task__title'>
                <span className='task__link'>{title}</span>
                {note && <p className='task__excerpt'>{note}</p>}
              </div>
            </div>
          ))}
        </div>
      </div>
    </div>
  )
}
