import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

/** How many tasks there are of one thing that is counted. */
const Count = Type.Object({
  of: Type.String({ description: 'open, completed, trashed, due, list, label' }),
  what: Type.Union([Type.String(), Type.Null()], { description: 'The due bucket, or the id of the list or label; null for tasks in no list' }),
  open: Type.Integer(),
  completed: Type.Integer(),
  seq: Type.Integer({ description: 'The number of the tenant\'s last change' }),
})

/**
 * Counts a tenant's tasks in one pass, and at one moment: by state, by list, by label, and the open ones by when they are due,
 * seen from the day `today` in a time zone.
 */
export const countTasks = (db: CommonQueryMethods, { user_id, time_zone, today }: { user_id: string, time_zone: string, today: string }) => db.any(sql.prepared('count_tasks', row(Count))`
  WITH counted AS (
    SELECT GROUPING(list_id) = 0 AS is_list, GROUPING(due) = 0 AS is_due, list_id, due,
      count(*) FILTER (WHERE NOT completed) AS open, count(*) FILTER (WHERE completed) AS completed
    FROM (
      SELECT list_id, completed, CASE
          WHEN completed THEN NULL
          WHEN day IS NULL THEN 'none'
          WHEN day < ${today}::date THEN 'overdue'
          WHEN day = ${today}::date THEN 'today'
          WHEN day < ${today}::date + 7 THEN 'soon'
          ELSE 'later' END AS due
      FROM (
        SELECT t.list_id, t.completed, coalesce(t.due_date, (t.due_at AT TIME ZONE ${time_zone})::date) AS day
        FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.deleted_at IS NULL
      ) t
    ) t
    GROUP BY GROUPING SETS ((), (list_id), (due))
  ), counts AS (
    SELECT CASE WHEN is_list THEN 'list' WHEN is_due THEN 'due' ELSE 'state' END AS of, CASE WHEN is_list THEN list_id::text WHEN is_due THEN due END AS what, open, completed
    FROM counted WHERE NOT (is_due AND due IS NULL)
    UNION ALL
    SELECT 'label', l.label_id::text, count(*) FILTER (WHERE NOT t.completed), count(*) FILTER (WHERE t.completed)
    FROM tasks.task_labels l JOIN tasks.tasks t ON t.user_id = l.user_id AND t.id = l.task_id AND t.deleted_at IS NULL
    WHERE l.user_id = ${user_id} GROUP BY l.label_id
    UNION ALL
    SELECT 'trashed', NULL, count(*) FILTER (WHERE NOT t.completed), count(*) FILTER (WHERE t.completed)
    FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.deleted_at IS NOT NULL
  )
  SELECT of, what, open::integer, completed::integer, a.seq FROM counts CROSS JOIN (SELECT coalesce(max(seq), 0) AS seq FROM tasks.accounts WHERE user_id = ${user_id}) a`)
