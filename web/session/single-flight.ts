/** Runs `work` once for all callers that ask for the same key while it is under way; all get its one outcome. */
export function singleFlight<T> () {
  const flights = new Map<string, Promise<T>>()
  return (key: string, work: () => Promise<T>): Promise<T> => {
    const underWay = flights.get(key)
    if (underWay) return underWay
    const flight = work().finally(() => flights.delete(key))
    flights.set(key, flight)
    return flight
  }
}
