/** Puts the focus on an element as soon as it is there: on what does no harm where something is asked. */
export const focused = (element: HTMLElement): void => element.focus();
