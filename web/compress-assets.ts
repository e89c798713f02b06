import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

// The last step of the build: what never changes is compressed once, as well as can be, instead of on each request.
const assets = join(import.meta.dirname, 'build', 'client', 'assets')
for (const name of await readdir(assets)) {
  if (!/\.(js|css|svg)$/.test(name)) continue
  const file = join(assets, name)
  const plain = await readFile(file)
  await writeFile(`${file}.br`, await promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
  await writeFile(`${file}.gz`, await promisify(gzip)(plain, { level: 9 }))
}
