import { execFile } from 'node:child_process'
import { dirname } from 'node:path'

const folder = dirname(import.meta.dirname)

/** Runs one of our commands with this environment alone, as a shell would, and gives what it said. */
export function runCommand (file: string, parameters: string[], env: Record<string, string>) {
  return new Promise<{ code: number, stdout: string, stderr: string }>((resolve) => {
    execFile(process.execPath, [`${folder}/${file}`, ...parameters], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr })
    })
  })
}
