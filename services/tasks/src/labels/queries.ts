import { row } from '@daymark/kit/row'
import { type CommonQueryMethods, sql } from 'slonik'
import { Label } from '../../contracts.ts'
import { labelKind } from '../changes/kinds.ts'
import type { Edits } from '../changes/write-statements.ts'

const labelColumns = labelKind.columns(sql.fragment`l`)

/** Every label of an account, by name. */
export const listLabels = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.prepared('list_labels', row(Label))`
  SELECT ${labelColumns} FROM tasks.labels l WHERE user_id = ${user_id} AND deleted_at IS NULL ORDER BY name_key, id`)

/** One label that is not deleted. */
export const findLabel = (db: CommonQueryMethods, label: { user_id: string, id: string }) => db.maybeOne(sql.prepared('find_label', row(Label))`
  SELECT ${labelColumns} FROM tasks.labels l WHERE user_id = ${label.user_id} AND id = ${label.id} AND deleted_at IS NULL`)

/** Taking a label off every task that carries it, in the trash as well. */
export const removalOfLabel = ({ user_id, label_id }: { user_id: string, label_id: string }): Edits => ({
  name: 'remove_label',
  sets: ['label_ids'],
  rows: sql.fragment`
  SELECT row_number() OVER (ORDER BY t.id)::integer AS n, t.id, jsonb_build_object('label_ids', to_jsonb(array_remove(t.label_ids, ${label_id}::uuid))) AS patch,
    NULL::jsonb AS versions, t.deleted_at IS NOT NULL AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM tasks.task_labels l JOIN tasks.tasks t ON t.user_id = l.user_id AND t.id = l.task_id
  WHERE l.user_id = ${user_id} AND l.label_id = ${label_id}`,
})
