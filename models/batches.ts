/** What `run` gives for every item, asked for in batches, so that no more than one batch is in memory. */
export async function inBatches<Item, Result>(
  items: Iterable<Item>,
  size: number,
  run: (batch: readonly Item[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  let waiting: Item[] = [];
  for (const item of items) {
    waiting.push(item);
    if (waiting.length === size) {
      results.push(...(await run(waiting)));
      waiting = [];
    }
  }
  if (waiting.length > 0) results.push(...(await run(waiting)));
  return results;
}
