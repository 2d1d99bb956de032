/** Options of the benchmarks. An unknown name measures nothing, which must not look like a measurement. */

/** The names in a list separated by commas; a name that is not among those known ends the program. */
export function namesOf<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((given) => {
    const name = known.find((candidate) => candidate === given.trim());
    return name ?? refuse(`--${option} knows ${known.join(', ')}, not '${given}'.`);
  });
}

export function countOf(option: string, text: string): number {
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 ? count : refuse(`--${option} takes a whole number from 1 on.`);
}

function refuse(sentence: string): never {
  console.error(`${sentence} Nothing was measured.`);
  process.exit(2);
}
