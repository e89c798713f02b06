import { write, writeSync } from 'node:fs'

/** Milliseconds that a line waits for others: a system call for each is a tenth of a small request. */
const gathering = 100
/** What is written at once as soon as it is there, in characters. */
const handful = 16 * 1024
/** What waits for a reader at most, in characters. */
const most = 8 * 1024 * 1024
const retry = 50
/** How often one that ends tries to write to a full pipe, {@link retry} apart. */
const lastTries = 20

/**
 * Writes lines to a file descriptor by the handful, in their order, and never waits for whoever reads them. A process that ends
 * or crashes has written them all; one that is killed loses those of the last 100 ms, and one whose lines nobody reads any more
 * those beyond 8 million characters, which it counts.
 */
export class GatheredLines {
  readonly #fd: number
  #waiting = ''
  #lost = 0
  #timer: NodeJS.Timeout | undefined
  #isWriting = false
  /** What is written again soon, for it found no room. */
  #held: Buffer = Buffer.alloc(0)
  #isUnread = false

  constructor (fd: number) {
    this.#fd = fd
    process.on('exit', () => { this.flushSync() })
  }

  write (line: string): void {
    if (this.#isUnread) return
    if (this.#waiting.length > most) {
      this.#lost++
      return
    }
    this.#waiting += line
    if (this.#waiting.length >= handful) this.#flush()
    else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#flush()
      }, gathering).unref()
    }
  }

  /**
   * Writes what waits at once, for a process that is about to end. It throws nothing: there is nobody left to tell. Beside a write that still
   * waits for room in its pipe it may come into the midst of that.
   */
  flushSync (): void {
    let rest = Buffer.concat([this.#held, this.#take()])
    this.#held = Buffer.alloc(0)
    for (let tries = 0; rest.length > 0 && tries < lastTries; tries++) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest))
      } catch (error) {
        if (!isFull(error)) return
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retry)
      }
    }
  }

  #flush (): void {
    if (this.#isWriting) return // and what has come meanwhile follows at its end
    this.#isWriting = true
    this.#writeAll(this.#take())
  }

  #writeAll (rest: Buffer): void {
    this.#held = Buffer.alloc(0)
    write(this.#fd, rest, (error, written) => {
      if (error && !isFull(error)) {
        this.#isUnread = true
        this.#waiting = ''
      } else if (error) {
        this.#held = rest
        setTimeout(() => { this.#writeAll(this.#held) }, retry).unref()
      } else if (written < rest.length) this.#writeAll(rest.subarray(written))
      else {
        this.#isWriting = false
        const isDue = this.#waiting.length >= handful || this.#timer === undefined
        if (isDue && this.#waiting !== '') this.#flush()
      }
    })
  }

  #take (): Buffer {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const told = this.#lost === 0 ? '' : `${JSON.stringify({ level: 'warn', time: Date.now(), pid: process.pid, lost: this.#lost, msg: 'log lines were lost: nobody read them' })}\n`
    const taken = Buffer.from(this.#waiting + told)
    this.#waiting = ''
    this.#lost = 0
    return taken
  }
}

const isFull = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EAGAIN'
