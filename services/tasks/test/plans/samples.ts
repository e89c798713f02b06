import { createHash, randomUUID } from 'node:crypto'
import type { CommonQueryMethods } from 'slonik'
import { type BulkAction, bulkActions, directions, sorts } from '../../contracts.ts'
import * as accounts from '../../src/accounts/queries.ts'
import * as changes from '../../src/changes/queries.ts'
import * as writes from '../../src/changes/write-statements.ts'
import * as idempotency from '../../src/idempotency/queries.ts'
import * as labels from '../../src/labels/queries.ts'
import * as lists from '../../src/lists/queries.ts'
import * as live from '../../src/live/queries.ts'
import * as order from '../../src/order/queries.ts'
import * as search from '../../src/search/queries.ts'
import * as summary from '../../src/summary/queries.ts'
import * as bulk from '../../src/tasks/bulk-queries.ts'
import * as listing from '../../src/tasks/list-queries.ts'
import * as tasks from '../../src/tasks/queries.ts'
import * as transfer from '../../src/transfer/queries.ts'
import * as trash from '../../src/trash/queries.ts'
import type { Crowd } from './crowd.ts'

/** How a query is asked: as a client would on a page of 50, with what makes its plan another. */
export interface Sample {
  query: (db: CommonQueryMethods, crowd: Crowd) => unknown
  /** What it may read of the database, in blocks of 8 kB: never more, however many rows there are of whomever. `tenant`: with the tenant's tasks. */
  buffers?: number | 'tenant'
  /** What it may sort, beyond twice a page. */
  sorts?: number
}

const page = 51
/** What changing a thousand tasks may read and write, with their indexes, words and log: as much whatever the size of the tenant. */
const thousand = 200_000
const author = ({ user_id }: Crowd): writes.Author => ({ user_id, actor_id: user_id, request_id: 'a request' })
const at = { key: '2026-06-01T00:00:00Z', id: '80000000-0000-7000-8000-000000000000' }
const filter = ({ user_id }: Crowd, given: Partial<listing.Listing> = {}): listing.Listing =>
  ({ user_id, status: 'all', sort: 'position', direction: 'asc', time_zone: 'Europe/Berlin', words: [], after: null, limit: page, ...given })
const keyed = ({ user_id }: Crowd) => ({ user_id, key: 'key 7', operation: 'POST /api/:user_id/tasks', digest: createHash('sha256').update('x').digest() })

type Samples = Record<string, Sample>
const one = (query: Sample['query'], more: Omit<Sample, 'query'> = {}): Samples => ({ '': { query, ...more } })
const each = <T extends string>(names: readonly T[], make: (name: T) => Sample): Samples => Object.fromEntries(names.map((name) => [name, make(name)]))
const list = (given: (crowd: Crowd) => Partial<listing.Listing>, more: Omit<Sample, 'query'> = {}): Sample =>
  ({ query: (db, crowd) => listing.listTasks(db, filter(crowd, given(crowd))), ...more })
const change = (edits: (crowd: Crowd) => writes.Edits, more: Omit<Sample, 'query'> = {}): Samples => one((db, crowd) => writes.changeTasks(db, edits(crowd), author(crowd)), more)
const purge = (edits: (crowd: Crowd) => writes.Edits, more: Omit<Sample, 'query'> = {}): Samples => one((db, crowd) => writes.purgeTasks(db, edits(crowd), author(crowd)), more)
const root = ({ user_id }: Crowd, id: string) => ({ user_id, id, versions: [1] })
const word = (beginning: string, hits: number) => ({ beginnings: [beginning], hits })
const common = 100_000
const placeOf = { position: 'm5', due: at.key, priority: '2', created: at.key, updated: at.key, title: 'call' }

const wishes: Record<BulkAction, (crowd: Crowd) => bulk.Wish> = {
  complete: () => ({ action: 'complete' }),
  reopen: () => ({ action: 'reopen' }),
  delete: () => ({ action: 'delete' }),
  restore: () => ({ action: 'restore' }),
  move: ({ list }) => ({ action: 'move', patch: { list_id: list } }),
  prioritise: () => ({ action: 'prioritise', patch: { priority: 'high' } }),
  reschedule: () => ({ action: 'reschedule', patch: { due_date: '2026-05-01', due_at: null, time_zone: null } }),
  label: ({ label }) => ({ action: 'label', label_id: label }),
  unlabel: ({ label }) => ({ action: 'unlabel', label_id: label }),
}

/** The functions that make queries, and the samples of each. */
export const sampled: Array<{ from: string, queries: Record<string, unknown>, samples: Record<string, Samples> }> = [
  {
    from: 'accounts/queries.ts',
    queries: accounts,
    samples: {
      insertAccount: one((db, { user_id }) => accounts.insertAccount(db, { user_id, inbox_id: randomUUID(), request_id: 'a request' })),
      lockOpened: one((db, { user_id }) => accounts.lockOpened(db, { user_id })),
    },
  },
  {
    from: 'changes/queries.ts',
    queries: changes,
    samples: {
      listChangesSince: { 'from zero': { query: (db, { user_id }) => changes.listChangesSince(db, { user_id, since: 0, limit: page }) }, 'of late': { query: (db, { user_id, seq }) => changes.listChangesSince(db, { user_id, since: seq - 3, limit: page }) } },
      listHistory: one((db, { user_id, tasks: [object_id = ''] }) => changes.listHistory(db, { user_id, object_id, before: null, limit: page })),
      listGroup: { 'of one': { query: (db, { user_id, change: seq }) => changes.listGroup(db, { user_id, seq }) }, 'of fifty': { query: (db, { user_id, group: seq }) => changes.listGroup(db, { user_id, seq }) } },
      listLaterChanges: one((db, { user_id, tasks }) => changes.listLaterChanges(db, { user_id, after: 1, object_ids: tasks.slice(0, 50) })),
      ifFew: change((crowd) => changes.ifFew(tasks.trashingOfTree(root(crowd, crowd.parent)), 1000)),
      listEdits: one((db, crowd) => changes.listEdits(db, tasks.trashingOfTree(root(crowd, crowd.parent)))),
      listNeeds: one((db, { user_id, parent, list, label }) => changes.listNeeds(db, { user_id, ids: [parent, list, label], most: 4 })),
      listStranded: one((db, { user_id, trashed }) => changes.listStranded(db, { user_id, ids: trashed.slice(0, 50), returning: [] }), { buffers: 1000 }),
      lastChange: one((db, crowd) => changes.lastChange(db, crowd)),
    },
  },
  {
    from: 'changes/write-statements.ts',
    queries: writes,
    samples: {
      addTasks: {
        one: { query: (db, crowd) => writes.addTasks(db, [{ id: randomUUID(), fields: { title: 'Buy bread' } }], author(crowd)) },
        'with everything': { query: (db, crowd) => writes.addTasks(db, [{ id: randomUUID(), fields: { title: 'Buy bread', list_id: crowd.list, parent_id: crowd.parent, label_ids: [crowd.label], due_date: '2026-05-01', start_date: '2026-05-01' } }], author(crowd)) },
      },
      changeTasks: {
        'one field': { query: (db, crowd) => writes.changeTasks(db, writes.editsGiven([{ id: crowd.tasks[0]!, patch: { title: 'Another' }, versions: [1] }]), author(crowd)) },
        'every field': { query: (db, crowd) => writes.changeTasks(db, writes.editsGiven([{ id: crowd.tasks[0]!, patch: { title: 'Another', description: 'x', completed: true, list_id: crowd.list, parent_id: crowd.parent, priority: 'low', due_date: null, due_at: null, time_zone: null, start_date: null, label_ids: [crowd.label] } }]), author(crowd)) },
        'a thousand': { query: (db, crowd) => writes.changeTasks(db, writes.editsGiven(crowd.tasks.map((id) => ({ id, patch: { priority: 'low' } }))), author(crowd)), buffers: thousand, sorts: 1000 },
      },
      purgeTasks: {},
      addLists: one((db, crowd) => writes.addLists(db, [{ id: randomUUID(), fields: { name: 'Another' } }], author(crowd))),
      changeLists: one((db, crowd) => writes.changeLists(db, writes.editsGiven([{ id: crowd.list, patch: { name: 'Another', archived: true, deleted: true } }]), author(crowd))),
      addLabels: one((db, crowd) => writes.addLabels(db, [{ id: randomUUID(), fields: { name: 'another' } }], author(crowd))),
      changeLabels: one((db, crowd) => writes.changeLabels(db, writes.editsGiven([{ id: crowd.label, patch: { name: 'another' } }]), author(crowd))),
      bringInTasks: one((db, crowd) => writes.bringInTasks(db, [{ id: randomUUID(), fields: { title: 'Buy bread', list_id: crowd.list, parent_id: crowd.parent, label_ids: [crowd.label], version: 3, created_at: at.key, updated_at: at.key } }], author(crowd))),
      bringInLists: one((db, crowd) => writes.bringInLists(db, [{ id: randomUUID(), fields: { name: 'Another' } }], author(crowd))),
      bringInLabels: one((db, crowd) => writes.bringInLabels(db, [{ id: randomUUID(), fields: { name: 'yet another' } }], author(crowd))),
      editsGiven: {},
    },
  },
  {
    from: 'idempotency/queries.ts',
    queries: idempotency,
    samples: {
      findAnswer: one((db, crowd) => idempotency.findAnswer(db, keyed(crowd))),
      keepAnswer: one((db, crowd) => idempotency.keepAnswer(db, { ...keyed(crowd), key: 'another' }, { status: 200 })),
    },
  },
  {
    from: 'labels/queries.ts',
    queries: labels,
    samples: {
      listLabels: one((db, crowd) => labels.listLabels(db, crowd)),
      findLabel: one((db, { user_id, label: id }) => labels.findLabel(db, { user_id, id })),
      listCarriers: one((db, { user_id, rareLabel: label_id }) => labels.listCarriers(db, { user_id, label_id })),
      removalOfLabel: change(({ user_id, label: label_id, tasks }) => labels.removalOfLabel({ user_id, label_id, ids: tasks.slice(0, 10) })),
    },
  },
  {
    from: 'lists/queries.ts',
    queries: lists,
    samples: {
      listLists: one((db, crowd) => lists.listLists(db, crowd)),
      findList: one((db, { user_id, list: id }) => lists.findList(db, { user_id, id })),
      listContents: one((db, { user_id, list: list_id }) => lists.listContents(db, { user_id, list_id }), { buffers: 'tenant', sorts: Infinity }),
      trashingOfContents: change(({ user_id, list: list_id, tasks }) => lists.trashingOfContents({ user_id, list_id, ids: tasks.slice(0, 10) })),
    },
  },
  {
    from: 'live/queries.ts',
    queries: live,
    samples: { lastChanges: one((db, { user_id }) => live.lastChanges(db, { user_ids: [user_id] })) },
  },
  {
    from: 'order/queries.ts',
    queries: order,
    samples: {
      findPlace: {
        'of tasks': { query: (db, { user_id, tasks: [id = ''] }) => order.findPlace(db, order.orderedTasks, { user_id, id }) },
        'of lists': { query: (db, { user_id, list: id }) => order.findPlace(db, order.orderedLists, { user_id, id }) },
      },
      placeBefore: {
        'the end': { query: (db, { user_id, tasks: [id = ''] }) => order.placeBefore(db, order.orderedTasks, { user_id, id, of: null }) },
        'a place': { query: (db, { user_id, tasks: [id = ''] }) => order.placeBefore(db, order.orderedTasks, { user_id, id, of: { id: at.id, position: 'm1763000000000' } }) },
        'of lists': { query: (db, { user_id, list: id }) => order.placeBefore(db, order.orderedLists, { user_id, id, of: null }) },
      },
      placesBehind: {
        'the beginning': { query: (db, { user_id, tasks: [id = ''] }) => order.placesBehind(db, order.orderedTasks, { user_id, id, of: null, limit: 1 }) },
        'a place': { query: (db, { user_id, tasks: [id = ''] }) => order.placesBehind(db, order.orderedTasks, { user_id, id, of: { id: at.id, position: 'm1763000000000' }, limit: page }) },
        'of lists': { query: (db, { user_id, list: id }) => order.placesBehind(db, order.orderedLists, { user_id, id, of: null, limit: page }) },
      },
      newestKey: one((db) => order.newestKey(db)),
    },
  },
  {
    from: 'search/queries.ts',
    queries: search,
    samples: {
      // Parts of listTasks, which is asked with words.
      tasksWith: {},
      hasTerm: {},
      wordsOf: one((db, { user_id }) => search.wordsOf(db, { user_id, text: 'buy bread rare' }), { buffers: 4000 }),
      hitsOf: one((db, { user_id }) => search.hitsOf(db, { user_id, beginnings: ['b', 'item12'] }), { buffers: 4000 }),
      beginningsBelow: one((db, { user_id }) => search.beginningsBelow(db, { user_id, stems: ['', 'b', 'br', 'bre', 'bred'].map((stem) => ({ stem, length: [...stem].length + 1 })) })),
    },
  },
  {
    from: 'summary/queries.ts',
    queries: summary,
    samples: { countTasks: one((db, { user_id }) => summary.countTasks(db, { user_id, time_zone: 'Europe/Berlin', today: '2026-06-01' }), { buffers: 'tenant', sorts: Infinity }) },
  },
  {
    from: 'tasks/bulk-queries.ts',
    queries: bulk,
    samples: {
      bulkEdits: each(bulkActions, (action) => ({
        query: (db, crowd) => writes.changeTasks(db, bulk.bulkEdits({ user_id: crowd.user_id, ids: action === 'restore' ? crowd.trashed : crowd.tasks }, wishes[action](crowd)), author(crowd)),
        buffers: thousand,
        sorts: 4000,
      })),
    },
  },
  {
    from: 'tasks/list-queries.ts',
    queries: listing,
    samples: {
      listTasks: {
        ...each(sorts.flatMap((sort) => directions.map((direction) => `by ${sort} ${direction}` as const)), (name) => {
          const [, sort, direction] = name.split(' ') as [string, typeof sorts[number], typeof directions[number]]
          return list(() => ({ sort, direction }))
        }),
        ...each(sorts.map((sort) => `open, by ${sort}, behind a place` as const), (name) => {
          const sort = name.split(/[ ,]+/)[2] as typeof sorts[number]
          return list(() => ({ sort, status: 'open', after: { key: placeOf[sort], id: at.id } }))
        }),
        'all, by due, behind a place': list(() => ({ sort: 'due', after: at })),
        completed: list(() => ({ status: 'completed' })),
        // Of a long list all open tasks are read and sorted: 28 ms for 10,000.
        'of a list': list(({ list }) => ({ list_id: list, status: 'open' }), { buffers: 'tenant', sorts: Infinity }),
        'with a label that is on half of all': list(({ label }) => ({ label, carriers: common, status: 'open' })),
        'with a label that is on a few': list(({ rareLabel }) => ({ label: rareLabel, carriers: 300, status: 'open' }), { sorts: 1000, buffers: thousand }),
        'of a priority': list(() => ({ priority: 'high', status: 'open' })),
        'of a priority, by due': list(() => ({ priority: 'high', status: 'open', sort: 'due' })),
        'part of no other': list(() => ({ parent_id: 'none', status: 'open' })),
        'parts of one': list(({ parent }) => ({ parent_id: parent, status: 'open' }), { sorts: 1000 }),
        'due before a day': list(() => ({ due_before: '2026-02-01', sort: 'due', status: 'open' })),
        'due after a day': list(() => ({ due_after: '2027-10-01', sort: 'due', status: 'open' })),
        'due between two days': list(() => ({ due_after: '2026-06-01', due_before: '2026-06-08', sort: 'due', status: 'open' })),
        'due between two days, by position': list(() => ({ due_after: '2026-06-01', due_before: '2026-06-08', status: 'open' }), { buffers: 'tenant', sorts: Infinity }),
        'with a rare word': list(() => ({ words: [word('rare', 50)] }), { sorts: 1000, buffers: thousand }),
        'with a rare word and a common one': list(() => ({ words: [word('rare', 50), word('buy', common)] }), { sorts: 1000, buffers: thousand }),
        'with a common word': list(() => ({ words: [word('bread', common)] }), { buffers: 2000 }),
        'with two common words': list(() => ({ words: [word('bread', common), word('buy', common)] }), { buffers: 8000 }),
        // A walk through all of the tenant's tasks, ended by the time limit of a statement at the latest.
        'with three common words that never meet': list(() => ({ words: [word('bread', common), word('mother', common), word('buy', common)] }), { buffers: 'tenant' }),
      },
      countCarriers: one((db, { user_id, label }) => listing.countCarriers(db, { user_id, label })),
      findTaskIds: {
        'of a list': { query: (db, crowd) => listing.findTaskIds(db, { ...filter(crowd, { list_id: crowd.list, status: 'open' }), trashed: false, limit: 1001 }), buffers: 'tenant', sorts: Infinity },
        all: { query: (db, crowd) => listing.findTaskIds(db, { ...filter(crowd), trashed: false, limit: 1001 }), buffers: 'tenant', sorts: Infinity },
        open: { query: (db, crowd) => listing.findTaskIds(db, { ...filter(crowd, { status: 'open' }), trashed: false, limit: 1001 }), buffers: thousand },
        'in the trash': { query: (db, crowd) => listing.findTaskIds(db, { ...filter(crowd), trashed: true, limit: 1001 }), buffers: 'tenant', sorts: Infinity },
      },
    },
  },
  {
    from: 'tasks/queries.ts',
    queries: tasks,
    samples: {
      findTask: one((db, { user_id, tasks: [id = ''] }) => tasks.findTask(db, { user_id, id })),
      completionOfOne: change((crowd) => tasks.completionOfOne(root(crowd, crowd.tasks[0]!), { completed: true })),
      completionOfTree: change((crowd) => tasks.completionOfTree(root(crowd, crowd.parent))),
      trashingOfTree: change((crowd) => tasks.trashingOfTree(root(crowd, crowd.parent))),
      restoringOfTree: change((crowd) => tasks.restoringOfTree(root(crowd, crowd.trashed[0]!))),
    },
  },
  {
    from: 'transfer/queries.ts',
    queries: transfer,
    samples: {
      allLists: one((db, crowd) => transfer.allLists(db, crowd)),
      allLabels: one((db, crowd) => transfer.allLabels(db, crowd)),
      allTasksAfter: one((db, { user_id }) => transfer.allTasksAfter(db, { user_id, after: '00000000-0000-0000-0000-000000000000', limit: 1000 }), { buffers: thousand }),
      findTasks: one((db, { user_id, tasks: ids }) => transfer.findTasks(db, { user_id, ids }), { buffers: thousand }),
      labelKeys: one((db) => transfer.labelKeys(db, ['Home', 'ﬁ'])),
      // A command, which reads nothing.
      planAnew: {},
    },
  },
  {
    from: 'trash/queries.ts',
    queries: trash,
    samples: {
      listTrash: {
        '': { query: (db, { user_id }) => trash.listTrash(db, { user_id, after: null, limit: page }) },
        'behind a place': { query: (db, { user_id }) => trash.listTrash(db, { user_id, after: at, limit: page }) },
      },
      findTrashed: one((db, { user_id, trashed: [id = ''] }) => trash.findTrashed(db, { user_id, id })),
      purgingOfTree: purge((crowd) => trash.purgingOfTree({ ...root(crowd, crowd.trashed[0]!), most: 1000 })),
      purgingOfOldest: {
        all: { query: (db, crowd) => writes.purgeTasks(db, trash.purgingOfOldest(crowd.user_id, { until: undefined }, 1000), author(crowd)), buffers: 'tenant', sorts: Infinity },
        'due by now': { query: (db, crowd) => writes.purgeTasks(db, trash.purgingOfOldest(crowd.user_id, { days: 0 }, 1000), author(crowd)), buffers: 'tenant', sorts: Infinity },
      },
      purgingOfLeaves: purge(({ user_id }) => trash.purgingOfLeaves(user_id, { until: undefined }, 1000), { buffers: 'tenant', sorts: Infinity }),
      isAnythingDue: one((db, { user_id }) => trash.isAnythingDue(db, { user_id, days: 30 })),
    },
  },
]
