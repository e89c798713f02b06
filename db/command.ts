import { parseArgs, type ParseArgsConfig } from 'node:util'
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConfigurationError } from './config.ts'

/** A command line that cannot be understood; the message says why. */
export class UsageError extends Error {}

/** Reads flags by node's own parser, and turns what it dislikes into a UsageError. */
export function readFlags<T extends NonNullable<ParseArgsConfig['options']>> (options: T) {
  try {
    return parseArgs({ options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

/**
 * Runs `main` if its file was started as a command, and not imported. A failure is told in one paragraph
 * without a stack; the exit status is then 1, or 2 for a command line that makes no sense.
 */
export async function runAsCommand (moduleUrl: string, usage: string, main: () => Promise<void>) {
  const started = process.argv[1]
  if (!started || realpathSync(started) !== realpathSync(fileURLToPath(moduleUrl))) return
  if (process.argv.includes('--help')) {
    console.log(usage)
    return
  }
  try {
    await main()
  } catch (error) {
    const { message } = error as Error
    console.error(error instanceof UsageError ? `${message}\n\n${usage}` : message || String(error))
    if (!(error instanceof ConfigurationError) && process.env['DEBUG']) console.error(error)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}
