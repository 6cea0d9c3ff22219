/** The first of the machines in Slurm's short form: `node[01-04,07],login1` is node01, node02, ... */
export function firstSlurmHost(list: string): string {
  const {
    before,
    numbers = '',
    after = '',
  } = /^(?<before>[^[,]*)(?:\[(?<numbers>[^\]]*)\](?<after>[^,]*))?/.exec(list)?.groups ?? {};
  return `${before}${numbers.split(/[-,]/)[0]}${after}`;
}
