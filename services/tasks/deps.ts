import type { Cursors } from '@daymark/kit/cursor'
import type { DatabasePool } from 'slonik'
import type { LiveChanges } from './src/live/live-changes.ts'
import type { RevocationFeed } from './src/revocations/revocation-feed.ts'
import type { TrashKeeper } from './src/trash/trash-keeper.ts'

/** What the routes and use cases of this service work with. */
export interface Deps { pool: DatabasePool, cursors: Cursors, feed: RevocationFeed, trash: TrashKeeper, live: LiveChanges, now: () => Date, transfersPerHour: number }
