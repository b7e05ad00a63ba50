// Puts the services together: registry, proxy and control listener around one table of live numbers.
// Used by `topspin serve`; what it returns is told to reload, drain and close.
