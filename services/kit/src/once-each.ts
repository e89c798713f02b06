/** Makes a thing for each key the first time it is asked for, and keeps it for good: for keys that are few. */
export function onceEach<A extends unknown[], T> (make: (...how: A) => T): (key: string, ...how: A) => T {
  const made = new Map<string, T>()
  return (key, ...how) => {
    const thing = made.get(key) ?? make(...how)
    made.set(key, thing)
    return thing
  }
}
