"""Third-party vectors of exact pool mathematics, asked of our own arithmetic.

A vector file is a JSON list of objects, one a quote: `family`, `id`, `kind`, `state`, `token_in`,
`token_out`, an amount, and what is expected. `families/` has one module a family group; each names
its families in a table FAMILIES: Mapping[str, Ask], and nothing else has to be edited to add one.
An Ask takes a Vector and gives the integer that our arithmetic answers, which is compared with the
vector's `expected_out` or `expected_in`; it lets MathError out where the contract would revert, and
that is right only for a vector of kind `revert`. For anything else, adding and removing (`kind`
"add:..." with its `operation`) or a figure that only the contract's own rule can judge, it gives a
Compared(expected, got, rule).

    def ask(vector: Vector) -> int | Compared: ...
    FAMILIES: Mapping[str, Ask] = {"my_family": ask}

`scripts/check_vectors PATH...` prints `exact N of M` for each family and each miss; it ends with 3
where something was missed.
"""
