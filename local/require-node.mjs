// Plain JavaScript for any Node: runs before the first TypeScript file, which an older Node could not read.
const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  console.error(`Daymark runs on Node 24 or later; this is Node ${process.versions.node} (${process.platform} ${process.arch}).
npm brings Node 24 along on Linux and Windows: run "npm ci" (without --omit=optional), then start through npm ("npm start", "npm test").
Elsewhere install it first, for example with "nvm install 24", then run the same command again.`)
  process.exit(1)
}
