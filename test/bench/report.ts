import { cpus, totalmem } from 'node:os';
import { isMet, type Figure } from './bench.js';

const format = (value: number, unit: string): string => {
  const digits = value >= 1_000 ? 0 : value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })} ${unit}`;
};

const cellsOf = (figure: Figure): string[] => [
  figure.id, format(figure.figure, figure.unit), format(figure.floor, figure.unit), figure.ratio.toFixed(2),
  `${figure.target.is === 'at least' ? '≥' : '≤'} ${figure.target.ratio}`, isMet(figure) ? 'yes' : 'no',
];

const HEAD = ['id', 'figure', 'floor', 'ratio', 'target', 'met'];

/** The table for a terminal. */
export const textTable = (figures: readonly Figure[]): string => {
  const rows = [HEAD, ...figures.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]): string => row.map((cell, column) => (column > 0 && column < 4 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ').trimEnd();
  const notes = figures.map(({ id, work, notes: all }) => [`${id}: ${work}`, ...Object.entries(all).map(([name, text]) => `    ${name}: ${text}`)].join('\n'));
  return `${rows.map(line).join('\n')}\n\n${notes.join('\n')}\n`;
};

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly postgres: string;
}

export const thisMachine = (postgres: string): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30), node: process.version, postgres,
});

/** A figure of a full run, with when and where it was taken. */
export interface KeptFigure extends Figure {
  readonly on: string;
  readonly machine: Machine;
}

const machineText = ({ cpu, cores, memoryGb, node, postgres }: Machine): string => `${cores} cores of ${cpu}, ${memoryGb} GB, Node ${node}, PostgreSQL ${postgres}`;

/** The page that is kept in docs/benchmarks. */
export const markdown = (figures: readonly KeptFigure[]): string => `# Benchmark results

Written by \`npm run bench -- --full\`; [README.md](README.md) says how each figure is taken, [where-the-time-goes.md](where-the-time-goes.md) why it is what it is.

${[...new Set(figures.map(({ machine }) => machineText(machine)))].map((text) => `Machine: ${text}, fsync and synchronous_commit on. The server measured, PostgreSQL and the load share these cores.`).join('\n\n')}

| ${[...HEAD, 'taken on'].join(' | ')} |
| --- | ---: | ---: | ---: | --- | --- | --- |
${figures.map((figure) => `| ${[...cellsOf(figure), figure.on].join(' | ')} |`).join('\n')}

## What was measured, and what belongs beside it

${figures.map(({ id, work, notes }) => `- **${id}**: ${work}.${Object.entries(notes).map(([name, text]) => ` ${name[0]!.toUpperCase()}${name.slice(1)}: ${text}.`).join('')}`).join('\n')}
`;
