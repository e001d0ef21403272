/** A number and what it counts: "1 connection", "2 connections". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
