/** True if a query of this method shows something out of the named lists. */
export function concerns(method: string, lists: readonly string[]): boolean {
  // Counts of the project stand beside every list, and another project changes everything.
  if (lists.includes('project') || method === 'project.current') return true;
  const list = method.split('.')[0] ?? '';
  return lists.includes(list);
}
