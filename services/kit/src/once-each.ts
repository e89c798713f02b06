/**
 * Makes a thing for each key the first time it is asked for, and keeps it.
 * @param most how many are kept; the one that is asked for beyond begins anew. Without, all are: for keys that are few
 */
export function onceEach<A extends unknown[], T> (make: (...how: A) => T, most = Infinity): (key: string, ...how: A) => T {
  const made = new Map<string, T>()
  return (key, ...how) => {
    const known = made.get(key)
    if (known !== undefined) return known
    if (made.size >= most) made.clear()
    const thing = make(...how)
    made.set(key, thing)
    return thing
  }
}
