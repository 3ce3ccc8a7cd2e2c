"""Charts of what the analysis found, as Vega-Lite specs that Altair makes.

A family of charts is a module: it takes the content of a screen as JSON has it, and a `Subject`
that says in which words, and gives a `Sketch`: layers, their data and a sentence that tells the
same. `drawing.draw` makes a spec of it, and says why where there is nothing to draw.

A spec names its colours in its `config` only (`theme`), so that another theme is another config.
Its data are in `datasets`, with the numbers of the screen under their names. A layer of the style
`hover` is what a pointer finds, and is left out of what stands still. Where a threshold is marked
it is a parameter of that name: who sets it moves the mark. Altair is loaded by the first chart;
`types`, `theme` and `words` do without.
"""
