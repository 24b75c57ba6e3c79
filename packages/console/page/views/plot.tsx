/** A plot of values over the time, drawn by uPlot. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { clock } from "../format/numbers.ts";
import { theme } from "../state/theme.ts";

/** One row of values. */
export interface PlotLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** The style sheet's name of it. */
  readonly colour: string;
  /** Bars for amounts, a line for measures. */
  readonly isBar?: boolean;
}

interface PlotProps {
  readonly title: string;
  /** Unix time, seconds. */
  readonly times: readonly number[];
  readonly lines: readonly PlotLine[];
  readonly format: (value: number) => string;
}

const HEIGHT = 190;
const AXIS_FONT = "11px ui-monospace, monospace";

/** Made anew for another theme; other values are put into the plot that is there. */
export function Plot({ title, times, lines, format }: PlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data: uPlot.AlignedData = [[...times], ...lines.map(({ values }) => [...values])];
  const shownTheme = theme.value;

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const made = new uPlot(optionsOf({ lines, format }, element.clientWidth), data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [shownTheme]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [times, lines]);

  return (
    <figure class="card plot">
      <figcaption>
        <h2>{title}</h2>
        {lines.map(({ label, colour }) => (
          <span key={label} class="legend">
            <i style={{ background: `var(${colour})` }} aria-hidden="true" />
            {label}
          </span>
        ))}
      </figcaption>
      <div ref={frame} role="img" aria-label={`${title}: ${spoken(lines, format)}`} />
    </figure>
  );
}

/** The last values, for those who do not see the plot. */
function spoken(lines: readonly PlotLine[], format: (value: number) => string): string {
  return lines
    .map(({ label, values }) => {
      const last = values.findLast((value) => value !== null);
      return `${label} ${last === undefined || last === null ? "none" : format(last)} last`;
    })
    .join(", ");
}

function optionsOf({ lines, format }: Pick<PlotProps, "lines" | "format">, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--faint"), font: AXIS_FONT, ticks: { show: false } };
  const grid = { stroke: colour("--line"), width: 1 };
  const bars = uPlot.paths.bars?.({ size: [0.7, 24], radius: 0.2 });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    padding: [10, 8, 0, 0],
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 30,
        values: (_plot, ticks) => ticks.map((at) => clock(at * 1000).slice(0, 5)),
      },
      { ...axis, grid, size: 62, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: name, isBar = false }) => ({
        label,
        stroke: colour(name),
        width: isBar ? 0 : 2,
        spanGaps: true,
        ...(isBar && bars
          ? { fill: colour(name), paths: bars, points: { show: false } }
          : { points: { size: 5, fill: colour(name) } }),
      })),
    ],
  };
}
