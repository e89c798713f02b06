import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type FragmentSqlToken, sql } from 'slonik'

/** A page as one row. */
export const pageRow = row(Type.Object({
  items: Type.String(), id: Type.Union([Type.String(), Type.Null()]), place: Type.Union([Type.String(), Type.Null()]), has_more: Type.Boolean(), seq: Type.Integer(),
}))

/**
 * A page as one row, for each row costs its way to the client: the texts of `rows` (`json`, `id`, `place`), in their order, joined; id and place of
 * the last; whether there was one more than `limit`; and the number of the tenant's last change, read at the same moment.
 */
export const asPage = (rows: FragmentSqlToken, { user_id, limit }: { user_id: string, limit: number }) => sql.fragment`
  SELECT coalesce(array_to_string((array_agg(p.json))[:${limit}::integer], ','), '') AS items, (array_agg(p.id))[${limit}::integer] AS id, (array_agg(p.place))[${limit}::integer] AS place,
    count(*) > ${limit}::integer AS has_more, coalesce((SELECT a.seq FROM tasks.accounts a WHERE a.user_id = ${user_id}), 0) AS seq
  FROM (${rows}) p`
