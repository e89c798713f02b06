import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
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

/** The ids of all tasks that carry a label, those in the trash as well. */
export const listCarriers = (db: CommonQueryMethods, { user_id, label_id }: { user_id: string, label_id: string }) => db.anyFirst(sql.prepared('list_carriers', row(Type.Object({ task_id: Type.String() })))`
  SELECT task_id FROM tasks.task_labels WHERE user_id = ${user_id} AND label_id = ${label_id}`)

/** Taking a label off tasks that carry it. */
export const removalOfLabel = ({ user_id, label_id, ids }: { user_id: string, label_id: string, ids: readonly string[] }): Edits => ({
  name: 'remove_label',
  sets: ['label_ids'],
  rows: sql.fragment`
  SELECT n::integer AS n, t.id, jsonb_build_object('label_ids', to_jsonb(array_remove(t.label_ids, ${label_id}::uuid))) AS patch,
    NULL::jsonb AS versions, t.deleted_at IS NOT NULL AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) WITH ORDINALITY AS given (id, n)
  CROSS JOIN LATERAL (SELECT o.id, o.label_ids, o.deleted_at FROM tasks.tasks o WHERE o.user_id = ${user_id} AND o.id = given.id::uuid OFFSET 0) t`,
})
