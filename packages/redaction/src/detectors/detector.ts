/** What all detectors have in common. */

/**
 * Replaces what it finds in a text, and leaves the rest as it is. Takes time in proportion to the text's length, whatever the
 * text: expressions repeat without bound only where each character can be taken in one way and no second start looks at it.
 */
export type Detector = (text: string) => string;
