import type { DatabasePool } from 'slonik'
import type { RevocationFeed } from './src/revocations/revocation-feed.ts'
import type { Cursors } from './src/paging/cursor.ts'

/** What the routes and use cases of this service work with. */
export interface Deps { pool: DatabasePool, cursors: Cursors, feed: RevocationFeed }
