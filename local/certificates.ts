import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { X509Certificate, createPrivateKey, randomBytes, webcrypto } from 'node:crypto'

export interface Certificates {
  caFile: string
  certificateFile: string
  keyFile: string
}

/** The names a local PostgreSQL is reached by; `postgres` is its service in docker-compose.yml. */
const hosts = ['localhost', '127.0.0.1', '::1', 'postgres']

const day = 24 * 60 * 60 * 1000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Never half a file, and a key never readable by others, not even for a moment. */
function writeWhole (file: string, text: string, mode: number) {
  writeFileSync(`${file}.new`, text, { mode })
  renameSync(`${file}.new`, file)
}

function isStillGood ({ caFile, certificateFile, keyFile }: Certificates, caKeyFile: string) {
  if (![caFile, certificateFile, keyFile, caKeyFile].every((file) => existsSync(file))) return false
  const certificate = new X509Certificate(readFileSync(certificateFile))
  return certificate.verify(new X509Certificate(readFileSync(caFile)).publicKey) &&
    certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile))) &&
    certificate.validToDate.getTime() > Date.now() + 30 * day &&
    hosts.every((host) => isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host))
}

/**
 * Makes, in `folder`, an authority of our own and a certificate for the local PostgreSQL signed by it, so that
 * verify-full holds on a laptop as it does in production. Keeps what is there while it is good for 30 days more.
 */
export async function ensureCertificates (folder: string): Promise<Certificates> {
  const files = { caFile: `${folder}/ca.crt`, certificateFile: `${folder}/server.crt`, keyFile: `${folder}/server.key` }
  const caKeyFile = `${folder}/ca.key`
  if (isStillGood(files, caKeyFile)) return files

  mkdirSync(folder, { recursive: true })
  await import('reflect-metadata') // @peculiar/x509 does not load without it
  const x509 = await import('@peculiar/x509')
  const makeKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const pemOf = async ({ privateKey }: webcrypto.CryptoKeyPair) =>
    x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')
  const serial = () => `01${randomBytes(15).toString('hex')}` // positive, whatever the random bytes
  const notBefore = new Date(Date.now() - day)

  const caKeys = await makeKeys()
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Daymark local authority ${randomBytes(4).toString('hex')}`,
    serialNumber: serial(),
    notBefore,
    notAfter: new Date(Date.now() + 20 * 365 * day),
    signingAlgorithm: algorithm,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=Daymark local PostgreSQL',
    issuer: ca.subject,
    serialNumber: serial(),
    notBefore,
    notAfter: new Date(Date.now() + 10 * 365 * day),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']), // serverAuth
      new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIP(value) ? 'ip' as const : 'dns' as const, value }))),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  writeWhole(caKeyFile, await pemOf(caKeys), 0o600)
  writeWhole(files.caFile, ca.toString('pem'), 0o644)
  writeWhole(files.keyFile, await pemOf(keys), 0o600)
  writeWhole(files.certificateFile, certificate.toString('pem'), 0o644)
  return files
}
