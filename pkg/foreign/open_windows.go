package foreign

// nonBlocking is of no use on Windows: pipes there are opened without waiting.
const nonBlocking = 0
