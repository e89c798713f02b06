import argon2 from 'argon2'

/** Checks passwords and does nothing else: a process of its own that is told for how long, and answers how many it got done. */
const concurrency = Number(process.argv[2])
const hash = String(process.argv[3])
const password = String(process.argv[4])

process.on('message', async (milliseconds: number) => {
  const start = performance.now()
  let done = 0
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (performance.now() < start + milliseconds) {
      await argon2.verify(hash, password)
      done++
    }
  }))
  process.send?.(done / (performance.now() - start) * 1000)
})
