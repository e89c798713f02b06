import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const ivBytes = 12
const tagBytes = 16

/** Encrypts and authenticates `text` under the first of `keys`; `purpose` is bound in, so that it opens for nothing else. */
export function sealText (keys: readonly Buffer[], purpose: string, text: string): string {
  const [key] = keys
  if (!key) throw new Error('There is no key to seal with')
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(purpose))
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return sealed.toString('base64url')
}

/** What was sealed under any of `keys` for this `purpose`; null for everything else, be it forged, damaged or foreign. */
export function openText (keys: readonly Buffer[], purpose: string, sealed: string): string | null {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length < ivBytes + tagBytes || bytes.toString('base64url') !== sealed) return null
  for (const key of keys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(-tagBytes))
      return Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]).toString('utf8')
    } catch { /* sealed under another key, or by nobody */ }
  }
  return null
}
