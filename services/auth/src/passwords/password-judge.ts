import { Worker } from 'node:worker_threads'
import type { PasswordOwner, Verdict } from '../../password-strength.ts'
import { passwordCheckBusy } from '../../problems.ts'
import { BoundedWork } from './bounded-work.ts'

export interface Question { password: string, owner: PasswordOwner }

export interface PasswordJudgeOptions {
  /** How many may wait while one is judged. */
  queue: number
  /** What runs in the thread. */
  file?: URL
  deadlineSeconds?: number
}

/**
 * Judges passwords in a thread of its own, so that nobody else waits for it. The thread starts with the first question, and
 * anew after one that it died of or did not answer in time.
 */
export class PasswordJudge {
  readonly #work: BoundedWork
  readonly #file: URL
  readonly #deadlineSeconds: number
  #worker: Worker | undefined

  constructor ({ queue, file = new URL('./password-judge-worker.ts', import.meta.url), deadlineSeconds = 10 }: PasswordJudgeOptions) {
    this.#work = new BoundedWork({ concurrency: 1, queue, refusal: passwordCheckBusy })
    this.#file = file
    this.#deadlineSeconds = deadlineSeconds
  }

  /** @throws {Problem} passwordCheckBusy, also where the thread gave no answer */
  judge (password: string, owner: PasswordOwner): Promise<Verdict> {
    return this.#work.run(() => this.#ask({ password, owner }))
  }

  async close (): Promise<void> {
    await this.#worker?.terminate()
  }

  #ask (question: Question): Promise<Verdict> {
    const worker = this.#worker ??= this.#start()
    return new Promise((resolve, reject) => {
      const onAnswer = (verdict: Verdict) => {
        over()
        resolve(verdict)
      }
      const onExit = () => {
        over()
        reject(passwordCheckBusy({ cause: new Error('The thread that judges passwords ended without an answer') }))
      }
      const deadline = setTimeout(() => { worker.terminate().catch(onExit) }, this.#deadlineSeconds * 1000)
      const over = () => {
        clearTimeout(deadline)
        worker.off('message', onAnswer).off('exit', onExit)
      }
      worker.once('message', onAnswer).once('exit', onExit).postMessage(question)
    })
  }

  #start (): Worker {
    // It needs no secret of ours, and its memory is its own: running out of it ends the thread, not the service.
    const worker = new Worker(this.#file, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 8 } })
    worker.on('error', () => {}) // its end follows, and is what counts
    worker.once('exit', () => { if (this.#worker === worker) this.#worker = undefined })
    worker.unref()
    return worker
  }
}
