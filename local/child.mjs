// Loaded before each part's own program, which knows nothing of it. The channel to the parent closes when the parent
// ends, also by kill -9: without it, this process has nobody left to stop it.
if (process.channel) {
  process.on('disconnect', () => {
    setTimeout(() => process.exit(1), 5000).unref()
    process.kill(process.pid, 'SIGTERM')
  })
  process.channel.unref() // listening alone must not keep a finished program alive
}
