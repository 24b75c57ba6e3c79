/** Colours, where they are shown. */
import { styleText } from "node:util";

type Style = "bold" | "dim" | "green" | "yellow" | "red";

/** The text in a style, or as it is for an output without colours. */
export function styled({ hasColours }: { readonly hasColours: boolean }, style: Style, text: string): string {
  return hasColours ? styleText(style, text, { validateStream: false }) : text;
}
