/** A page for when not even the app can answer: no script, no style, no detail. */
export function barePage (title: string, advice: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Daymark</title></head>
<body><main><h1>${title}</h1><p>${advice}</p><p><a href="/">To the start page</a></p></main></body>
</html>
`
}
