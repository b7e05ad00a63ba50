// The colours of all pages, as CSS variables: light or dark by the setting of the browser.

export const palette: string = `:root { color-scheme: light dark; --line: #d5d9e0; --soft: #5b6472; --card: #fff; --page: #f4f5f7; --ink: #1b1f27; --link: #1257b8; --good: #1a7f42; --wait: #8a6100; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --line: #363c47; --soft: #9aa4b2; --card: #1d2129; --page: #14171c; --ink: #e6e9ee; --link: #7db1ff; --good: #5fd08b; --wait: #e0b341; --bad: #ff8a80 } }`
