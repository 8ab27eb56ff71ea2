"""What a student changes in a chapter: each edit is a text in its code and what replaces it.

The first edit of a chapter is made in every run of the tests, all of them with `EDITS=all`.
"""

__all__ = ["EDITS", "edited"]

TWO_CONVOLUTIONS = """        Conv2D(8, 3, padding="same", activation="relu"),
        Conv2D(6, 3, activation="relu"),
        MaxPooling2D(3),
        Flatten(),
"""
SEVEN = 'np.logspace(-5, 1, 7), "l2": np.logspace(-5, 1, 7)}'
EDITS = {
    "cnn/digits": {
        "an own network of two convolutions": [
            ("        MaxPooling2D(2),\n        Flatten(),\n", TWO_CONVOLUTIONS)
        ],
        "learning rate 0.01": [("learning_rate=0.1)", "learning_rate=0.01)")],
        "learning rate 3, where nothing is learnt": [("learning_rate=0.1)", "learning_rate=3.0)")],
        "twenty filters": [("Conv2D(10, 3", "Conv2D(20, 3")],
        "one filter of five pixels": [("Conv2D(10, 3", "Conv2D(1, 5")],
        "twenty epochs": [("    epochs=100,\n", "    epochs=20,\n")],
        "one epoch of small batches": [
            ("    epochs=100,\n    batch_size=100,\n", "    epochs=1,\n    batch_size=13,\n")
        ],
        "another seed of the data": [("load_digits(seed=0)", "load_digits(seed=1)")],
        "another seed of the network": [("set_random_seed(0)", "set_random_seed(7)")],
        "no padding, eight hidden units": [
            ('padding="same", activation="relu", kernel_regularizer=l2', 'activation="relu"'),
            ("Dense(50", "Dense(8"),
        ],
        "three seeds, nine places": [
            ("range(10)}", "range(3)}"),
            ("(-1, 0)]", "(-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]"),
        ],
        "another simple method": [
            ('"support vectors": SVC(C=10).fit(X', '"three nearest": KNeighborsClassifier(3).fit(X')
        ],
        "a shallow network with global pooling": [
            ('        Conv2D(24, 3, padding="same", activation="relu"),\n', ""),
            ('        Conv2D(32, 3, padding="same", activation="relu"),\n', ""),
        ],
        "own exercises of every kind": [
            ("noise_proof = ...", "noise_proof = model"),
            ("return ...  # your answer: a trained model", "return pooled"),
        ],
    },
    "cnn/tuning": {
        "three values of each, fewer epochs": [
            (SEVEN, '[0.03, 0.1, 0.3], "l2": [0, 1e-3, 0.1]}'),
            ("epochs, histories = 20", "epochs, histories = 5"),
            ("epochs=100, batch_size=100", "epochs=12, batch_size=50"),
        ],
        "one network alone, for one epoch": [
            ("[0.01, 0.1, 1.0]", "[0.1]"),
            ("[1e-4, 1e-2, 1.0]", "[0.0]"),
            ("epochs, histories = 20", "epochs, histories = 1"),
            (SEVEN, '[0.1], "l2": [1e-3]}'),
            ("epochs=100, batch_size=100", "epochs=1"),
        ],
        "only rates that are lost": [
            (SEVEN, '[10.0, 100.0], "l2": [0.2, 10.0]}'),
            ("epochs=100, batch", "epochs=4, batch"),
            ("[0.01, 0.1, 1.0]", "[10.0, 100.0]"),
        ],
        "other seeds of network and data": [
            ("set_random_seed(0)", "set_random_seed(7)"),
            ("load_digits(seed=0)", "load_digits(seed=1)"),
            (SEVEN, '[0.1, 1.0], "l2": [1e-4, 1e-3]}'),
        ],
        "another network, the scan shorter": [
            ("Conv2D(10, 3", "Conv2D(4, 5"),
            ("Dense(50", "Dense(20"),
            ("[0.5, 0.9, 0.98, 1.0, 1.1]", "[0.9, 2.0]"),
            ("scan, digits, epochs=30", "scan, digits, epochs=2"),
            (SEVEN, '[0.1, 0.3, 1.0], "l2": [1e-3, 1.0]}'),
            ("range(2000)", "range(10)"),
        ],
        "own exercise that trains": [
            ("return ...  # your answer: a trained model", "return build(0.1, 0.0)"),
            (SEVEN, '[0.1, 1.0], "l2": [1e-3, 1.0]}'),
            ("epochs=100, batch_size", "epochs=3, batch_size"),
        ],
    },
}


def edited(sources, edit):
    """Return the sources of cells after an edit.

    Raises:
        ValueError: If a text of the edit stands in no cell: it would test nothing.
    """
    for old, new in edit:
        if not any(old in source for source in sources):
            raise ValueError(f"No cell has {old!r}. Write the edit as the chapter is now.")
        sources = [source.replace(old, new) for source in sources]
    return sources
