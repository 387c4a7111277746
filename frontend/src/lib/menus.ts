/** Menus that close when the user is done with them: a click elsewhere, or Escape, which also gives the focus back. */

const OPEN = 'details.menu[open]';

const openMenus = (): HTMLDetailsElement[] => [...document.querySelectorAll<HTMLDetailsElement>(OPEN)];

/** Closes the menus that a click was not in. */
export function closeOthers(event: MouseEvent): void {
  const within = event.target instanceof Node ? event.target : null;
  openMenus()
    .filter((menu) => !menu.contains(within))
    .forEach((menu) => (menu.open = false));
}

/** Closes every menu; whether there was one. */
export function closeAll(): boolean {
  const menus = openMenus();
  for (const menu of menus) {
    const had = menu.contains(document.activeElement);
    menu.open = false;
    if (had) {
      menu.querySelector('summary')?.focus();
    }
  }
  return menus.length > 0;
}
