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
    "autoencoders/anomalies": {
        "few records, few digits, one epoch": [
            ("records(20000, seed=3)", "records(500, seed=3)"),
            ("epochs=20, batch_size=128", "epochs=1, batch_size=50"),
            ("load_mnist(), 1", "load_mnist(train_images=500), 1"),
            ("epochs=6, batch_size=64", "epochs=1, batch_size=64"),
        ],
        "a longer ring, more noise, a wide pulse": [
            ("SAMPLES, NOISE_V = 64, 0.3", "SAMPLES, NOISE_V = 50, 0.9"),
            ("np.exp(-np.arange(SAMPLES) / 6)", "np.exp(-((np.arange(SAMPLES) - 9) ** 2) / 8)"),
            ("epochs=20, batch_size=128", "epochs=2, batch_size=128"),
            ("epochs=6, batch_size=64", "epochs=1, batch_size=64"),
        ],
        "pulses nearer to each other": [
            ("distance=8, seed=2)", "distance=2, seed=7)"),
            ("log_p(x, 8)", "log_p(x, 2)"),
            ("epochs=20, batch_size=128", "epochs=2, batch_size=128"),
            ("epochs=6, batch_size=64", "epochs=1, batch_size=64"),
        ],
        "a code of other widths, one activation": [
            ("layers.Dense(3)", "layers.Dense(12, 'tanh')"),
            ("latent_dim=3)", "latent_dim=9)"),
            ("layers.Dense(10))  # the code", "layers.Dense(2))"),
            ("epochs=20, batch_size=128", "epochs=2, batch_size=128"),
            ("epochs=6, batch_size=64", "epochs=1, batch_size=64"),
        ],
        "the zero, and four labelled ones": [
            ("load_mnist(), 1", "load_mnist(), 0"),
            ("never[:10], never[10:]", "never[:4], never[4:]"),
            ("latent_dim=30)\nrule", "latent_dim=12)\nrule"),
            ("epochs=20, batch_size=128", "epochs=2, batch_size=128"),
            ("epochs=6, batch_size=64", "epochs=1, batch_size=64"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a model that gives a score", "return network"),
        ],
    },
    "autoencoders/linear_and_pca": {
        "one number, not trained for long": [
            ("plane = pca(orbit, latent_dim=2)", "plane = pca(orbit, latent_dim=1)"),
            ("epochs=150, batch_size=20", "epochs=2, batch_size=7"),
            ("range(3000)", "range(20)"),
        ],
        "other positions, with less noise": [
            ('"points": 60, "seed": 0', '"points": 200, "seed": 4'),
            ("**PLACES, noise=0.1", "**PLACES, noise=0.03"),
            ("range(3000)", "range(200)"),
        ],
        "a bent encoder at another rate": [
            ("keras.Input((d,)), Dense(k)]", "keras.Input((d,)), Dense(9, 'tanh'), Dense(k)]"),
            ("Adam(0.02)", "SGD(0.1)"),
            ("range(3000)", "range(20)"),
        ],
        "three networks of scratch, small steps": [
            ("np.random.default_rng(0), 10", "np.random.default_rng(7), 3"),
            ("w - 0.5 * step", "w - 0.05 * step"),
        ],
        "fewer digits, axes from fewer still": [
            ("load_mnist()", "load_mnist(train_images=1000, seed=3)"),
            ("digits[:400]", "digits[:250]"),
            ("range(3000)", "range(20)"),
        ],
        "a hot magnet": [
            ("np.linspace(1.5, 3.5, 21).round(1)", "np.linspace(2.0, 4.0, 5)"),
            ("configurations=40, seed=0", "configurations=10, seed=2"),
            ("range(3000)", "range(20)"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return encoder"),
            ("range(3000)", "range(20)"),
        ],
    },
    "autoencoders/stacked": {
        "few positions, one epoch": [
            ("for n in (600, 500)", "for n in (60, 30)"),
            ('"epochs": 100', '"epochs": 1'),
            ("epochs=10, batch_size=64", "epochs=1, batch_size=200"),
        ],
        "a code of two numbers, without a bend": [
            ('Dense(32, "tanh"), Dense(1)]', "Dense(5), Dense(2)]"),
            ("keras.Input((1,))", "keras.Input((2,))"),
            ("codes.max(), 200)[:, np.newaxis]", "codes.max(), 400).reshape(-1, 2)"),
            ('"epochs": 100', '"epochs": 2'),
            ("epochs=10, batch_size=64", "epochs=1, batch_size=200"),
        ],
        "another orbit": [
            ("0.7 * np.sin(phase)", "0.4 * np.sin(phase)"),
            ("0.1 * noise", "0.02 * noise"),
            ('"epochs": 100', '"epochs": 2'),
            ("epochs=10, batch_size=64", "epochs=1, batch_size=200"),
        ],
        "two hidden layers of ReLU, a code of five, squared errors": [
            ("stacked.add(Dense(300, **selu))", "stacked.add(Dense(40, 'relu'))\n" * 2),
            ("code, stacked = Dense(30)", "code, stacked = Dense(5)"),
            ('loss="binary_crossentropy"', 'loss="mean_squared_error"'),
            ('"epochs": 100', '"epochs": 1'),
            ("epochs=10, batch_size=64", "epochs=1, batch_size=200"),
        ],
        "few digits, wide sparse codes": [
            ("digits = load_mnist()", "digits = load_mnist(train_images=300, test_images=100)"),
            (
                'Dense(100, "relu", activity_regularizer=L1(1e-3)',
                'Dense(20, "relu", activity_regularizer=L1(1e-2)',
            ),
            ('"epochs": 100', '"epochs": 1'),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return stacked"),
            ('"epochs": 100', '"epochs": 1'),
            ("epochs=10, batch_size=64", "epochs=1, batch_size=200"),
        ],
    },
    "autoencoders/convolutional": {
        "a code of 5 numbers, fewer digits, one epoch": [
            ("layers.Dense(30),", "layers.Dense(5),"),
            ("x, unseen = mnist.train.inputs,", "x, unseen = mnist.train.inputs[:200],"),
            ("epochs=10, batch_size=32", "epochs=1, batch_size=50"),
        ],
        "copying in place of transposed convolutions": [
            (
                "        layers.Conv2DTranspose(16, 3, **half),  # 14 x 14 x 16\n",
                "        layers.UpSampling2D(),\n"
                '        layers.Conv2D(16, 3, padding="same", activation="relu"),\n',
            ),
            ("epochs=10, batch_size=32", "epochs=1, batch_size=50"),
        ],
        "other temperatures, few configurations": [
            ("1.8, ISING_CRITICAL_TEMPERATURE, 3.0", "2.0, 4.0"),
            ("configurations=150, sweeps=300", "configurations=130, sweeps=20"),
        ],
        "wider kernels and steps of four for the magnet": [
            ("layers.Conv2D(1, 4, strides=2", "layers.Conv2D(2, 9, strides=4"),
            ("1, 6, strides=2", "1, 12, strides=4"),
            ("epochs=40, verbose", "epochs=2, verbose"),
        ],
        "other shapes for the matrices and for Keras": [
            ("size=(3, 3, 2, 4))", "size=(5, 2, 3, 1))"),
            ("volume = (6, 8, 2)", "volume = (4, 10, 3)"),
            ("size=(3, 4, 5, 4)", "size=(1, 6, 2, 3)"),
            ('(2, 3, "valid")]', '(5, 4, "same"), (1, 2, "valid")]'),
        ],
        "ten labels, trained for longer": [
            ("inputs[:50], labels", "inputs[:10], labels"),
            ("labels[:50]", "labels[:10]"),
            ("epochs=120", "epochs=30"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return autoencoder"),
        ],
    },
    "cnn/convolution_layers": {
        "a hidden layer behind a second convolution": [
            (
                '        Flatten(),\n        Dense(10, activation="softmax"),\n',
                '        Conv2D(8, 3, activation="relu"),\n        Flatten(),\n'
                '        Dense(20, activation="relu"),\n'
                '        Dense(10, activation="softmax"),\n',
            )
        ],
        "one epoch, other pictures": [
            ("    epochs=10,\n    batch_size=32,\n", "    epochs=1,\n    batch_size=100,\n"),
            ("load_shapes(train_images=2000)", "load_shapes(train_images=300, seed=5)"),
        ],
        "one filter of seven pixels, no padding": [
            ('Conv2D(12, 3, padding="same", activation="relu")', 'Conv2D(1, 7, activation="relu")')
        ],
        "other sizes and another stride for the comparison": [
            ("size=(2, 9, 11, 3))", "size=(3, 12, 8, 4))"),
            ("size=(3, 2, 3, 5)), rng.normal(size=5)", "size=(2, 4, 4, 6)), rng.normal(size=6)"),
            ("stride = 2\n", "stride = 3\n"),
        ],
        "other filters, window and bias": [
            ("bias=0.5, row=18, column=8)", "bias=-2, row=0, column=27)"),
            ("[[-1, 0, 1]] * 3)", "[[-1, 0, 0, 0, 1]] * 5)"),
        ],
        "a window of 30 pixels, and one kernel": [
            ("size=4)", "size=30)"),
            (
                '    "horizontal edges (Sobel)": sobel.T,\n',
                '    "uneven": np.array([[0, 1], [-1, 0]]),\n',
            ),
        ],
        "another digit": [("train.inputs[2, :, :, 0]", "train.inputs[7, :, :, 0]")],
        "few steps, other rates": [
            ("steps=400", "steps=30"),
            ("(0.02, 0.1, 0.2)}", "(0.05, 0.3)}"),
        ],
        "one rate, one filter": [
            ("(0.02, 0.1, 0.2)}", "(0.05,)}"),
            ('    "lighter to the right": edge * [1, 1, 1],\n', ""),
            ('    "more red": edge * [1, 0, 0],\n', ""),
        ],
        "another part of the photograph, and another kernel to learn": [
            ("10:74, 10:106, np.newaxis]", "0:40, 20:100, np.newaxis]"),
            ("np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])", "np.array([[2, 0, 1]] * 3)"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return model"),
        ],
    },
    "cnn/cifar10": {
        "an own network, not trained for long": [
            (
                'layers.Conv2D(64, 3, activation="relu"))\nprint',
                'layers.Conv2D(8, 5, activation="relu"))\nprint',
            ),
            ('"epochs": 8, "batch_size": 32', '"epochs": 1, "batch_size": 100'),
        ],
        "own networks looked into": [
            ('if pictures.name == "CIFAR-10":  # leave', "if False:  # leave"),
            ("for filters in (24, 48, 64)", "for filters in (8, 16, 16, 16)"),
        ],
        "generated pictures": [('load_cifar10(**sizes), ""', 'load_shapes(**sizes), "chosen"')],
        "few pictures": [("4000", "500"), ('"test_images": 1000', '"test_images": 200')],
        "another loss rate and no augmentation": [
            ("CosineDecay(2e-3, steps)", "CosineDecay(1e-2, steps)"),
            ('x = layers.RandomFlip("horizontal")(inputs)\n', "x = inputs\n"),
            (
                'x = layers.RandomTranslation(0.1, 0.1, fill_mode="reflect")(x)\n',
                "",
            ),
        ],
        "large blocks of another class": [
            ("size=4)", "size=16)"),
            ("images[8], pictures.class_names[8]", "images[3], pictures.class_names[3]"),
            ("(network, ship, 8, fill)", "(residual, ship, 3, fill)"),
        ],
        "two new classes, three labels": [("[2, 5, 8]", "[0, 1]"), ("[:20]", "[:3]")],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return residual"),
        ],
    },
    "rnn/recurrent_networks": {
        "another layer and more noise, not trained for long": [
            ("layers.SimpleRNN(17)", "layers.LSTM(4)"),
            ('"epochs": 30', '"epochs": 1'),
            ("pulse_records(series=2000, seed=1)", "pulse_records(series=300, noise_v=0.6)"),
        ],
        "clipped, at another rate": [
            ("Adam(0.003)", "Adam(0.1, global_clipnorm=0.5)"),
            ('"epochs": 30', '"epochs": 2'),
        ],
        "long records of other noise": [
            (
                "pulse_records(series=2000, seed=0)",
                "pulse_records(series=90, num_steps=150, noise_v=0.8, height_v=1, seed=3)",
            ),
            ("records[:, -5:, 0]", "records[:, -100:, 0]"),
        ],
        "three maps": [("fixed_points([0.8, 2.0])", "fixed_points([-1.5, 1.0, 30])")],
        "another layer to compare": [
            ("layers.SimpleRNN(4, return", "layers.SimpleRNN(2, return"),
            ("size=(5, 7, 3))", "size=(1, 3, 6))"),
        ],
        "a slow oscillator, measured badly": [
            ("omega = 2.0", "omega = 0.3"),
            ("0.01 * np.random", "0.5 * np.random"),
        ],
        "a fast oscillator, measured at few times": [
            ("omega = 2.0", "omega = 31.0"),
            ("np.arange(200)", "np.arange(4)"),
        ],
        "other windows, another network": [
            ("((4, 1), (1, 4))", "((2, 2), (1, 4), (4, 1))"),
            ('layers.SimpleRNN(32, activation="relu")', "layers.SimpleRNN(3)"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return network"),
        ],
    },
    "rnn/noisy_sine": {
        "windows of seven, another series, one epoch": [
            ("num_steps = 4", "num_steps = 7"),
            ("noisy_sine(times=2001, seed=4)", "noisy_sine(times=2300, seed=9)"),
            ("    epochs=100,\n    batch_size=16,", "    epochs=1,\n    batch_size=300,"),
            ("def fit(network, epochs=100)", "def fit(network, epochs=2)"),
        ],
        "another network": [
            ('layers.SimpleRNN(32, activation="relu")', "layers.SimpleRNN(3)"),
            ("    epochs=100,\n    batch_size=16,", "    epochs=2,\n    batch_size=16,"),
        ],
        "short stretches, more units, not clipped": [
            ("length = 100", "length = 25"),
            ('2, activation="linear", return', "5, return"),
            (", global_clipnorm=1.0), loss)", "), loss)"),
            ("def fit(network, epochs=100)", "def fit(network, epochs=3)"),
        ],
        "wider intervals": [
            ("[0.1, 0.9]", "[0.02, 0.98]"),
            ("def fit(network, epochs=100)", "def fit(network, epochs=3)"),
        ],
        "a small, loud echo, and another network for the rolls": [
            ("units, rng = 300", "units, rng = 20"),
            ("R *= 0.9 /", "R *= 1.4 /"),
            ("layers.SimpleRNN(24)", "layers.GRU(2)"),
            ("epochs=150", "epochs=1"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return network"),
        ],
    },
    "lstm/comparison": {
        "other layers, not trained for long": [
            ("c7.add(layers.LSTM(250))", "c7.add(layers.SimpleRNN(7))"),
            (
                "c8.add(layers.GRU(250, return_sequences=True))",
                "c8.add(layers.LSTM(5, return_sequences=True))",
            ),
            ('how = {"epochs": 150', 'how = {"epochs": 1'),
            (
                "layers.LSTM(18, return_sequences=True)",
                "layers.SimpleRNN(5, return_sequences=True)",
            ),
            ('how = {"epochs": 100', 'how = {"epochs": 1'),
        ],
        "eight known energies, windows of three": [("KNOWN, STEPS = 12, 2", "KNOWN, STEPS = 8, 3")],
        "a window of 90 ms, few records": [
            ("WINDOW = 40", "WINDOW = 90"),
            (
                '{"train": 64, "validation": 32, "test": 100}',
                '{"train": 9, "validation": 1, "test": 3}',
            ),
            ('how = {"epochs": 100', 'how = {"epochs": 2'),
        ],
        "two layers, a dense one between, no limit": [
            (
                "lstm.add(layers.LSTM(18, return_sequences=True))\n",
                "lstm.add(layers.GRU(4, return_sequences=True))\n"
                'lstm.add(layers.Dense(3, "relu"))\n'
                "lstm.add(layers.GRU(4, return_sequences=True))\n",
            ),
            ("0.01, global_clipnorm=1.0", "0.03"),
            ('how = {"epochs": 100', 'how = {"epochs": 3'),
        ],
        "longer records, other record shown": [
            ("times=150, seed=seed", "times=200, seed=seed + 5"),
            ("show.record(test, 2)", "show.record(test, 0)"),
            ("rules, 2)", "rules, 1)"),
            ('how = {"epochs": 100', 'how = {"epochs": 2'),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return lstm"),
        ],
    },
    "rnn/extrapolation": {
        "another layer, not trained for long": [
            ('layers.SimpleRNN(200, activation="tanh"))\nmodel', "layers.GRU(7))\nmodel"),
            ("labels, epochs=150, batch_size=32,", "labels, epochs=1, batch_size=4,"),
            ('layers.SimpleRNN(200, activation="tanh"))\nusual', "layers.LSTM(3))\nusual"),
            ('how = {"epochs": 150', 'how = {"epochs": 1'),
        ],
        "eight known energies, windows of three": [("KNOWN, STEPS = 12, 2", "KNOWN, STEPS = 8, 3")],
        "sixteen known energies, windows of one": [
            ("KNOWN, STEPS = 12, 2", "KNOWN, STEPS = 16, 1")
        ],
        "another coupling, another spacing": [
            (
                "energies = pairing_energies(particles, level_spacing=1.0, coupling=0.5)",
                "energies = pairing_energies(particles, level_spacing=2.0, coupling=-1.0)",
            ),
        ],
        "three seeds, trained for an epoch": [
            ("range(10)}", "range(3)}"),
            ("seeds, data, epochs=150", "seeds, data, epochs=1"),
            ("coupling_data, epochs=150", "coupling_data, epochs=2"),
        ],
        "a longer series": [("series = energies[:20]", "series = energies[:25]")],
        "small deep networks of one activation": [
            ('for activation in ("sigmoid", "tanh"):', 'for activation in ("relu",):'),
            ("SimpleRNN(500, activation, return", "SimpleRNN(5, activation, return"),
            ("SimpleRNN(500, activation)", "SimpleRNN(4, activation)"),
        ],
        "other couplings": [
            ("np.arange(-1, 0.725, 0.05)", "np.arange(-0.8, 0.65, 0.05)"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return model"),
        ],
    },
    "autoencoders/series": {
        "fewer windows than a batch, one epoch": [
            ("fastest=1.4, seed=0)", "fastest=1.4, seed=0, windows=20)"),
            ('how = {"epochs": 12', 'how = {"epochs": 1'),
            ("windows=1000, seed=4", "windows=60, seed=4"),
            ("windows=1000, kick", "windows=70, kick"),
        ],
        "a code of two numbers, longer windows": [
            ("fastest=1.4, seed=0)", "fastest=1.4, seed=0, times=32)"),
            ("train.measured.shape[1], 3", "train.measured.shape[1], 2"),
            ("windows=1000, seed=4", "windows=1000, seed=4, times=32"),
            ("windows=1000, kick", "windows=1000, times=32, kick"),
            ('how = {"epochs": 12', 'how = {"epochs": 1'),
        ],
        "one number, an LSTM, another rate": [
            ("train.measured.shape[1], 3", "train.measured.shape[1], 1"),
            ("model.add(layers.GRU(32))", "model.add(layers.LSTM(8))"),
            ("CosineDecay(0.01, steps)", "CosineDecay(0.1, steps)"),
            ('how = {"epochs": 12', 'how = {"epochs": 2'),
        ],
        "a wide band, no noise, hard kicks": [
            ("slowest=0.6, fastest=1.4, seed=0", "slowest=0.2, fastest=2.0, noise_m=0.0"),
            ("kick_m_per_s=0.5", "kick_m_per_s=5.0"),
            ('how = {"epochs": 12', 'how = {"epochs": 1'),
        ],
        "a code of five numbers, small layers": [
            ("train.measured.shape[1], 3", "train.measured.shape[1], 5"),
            ('encoder.add(layers.Dense(64, activation="relu"))\n' * 2, ""),
            ("Conv1D(16, 5", "Conv1D(4, 3"),
            ('how = {"epochs": 12', 'how = {"epochs": 1'),
        ],
        "own exercises": [
            ("return ...  # your answer: a trained model", "return dense"),
            ('how = {"epochs": 12', 'how = {"epochs": 1'),
        ],
    },
    "autoencoders/denoising": {
        "few pairs, one epoch": [
            ("records(8000, seed=2)", "records(500, seed=2)"),
            ("fit(noisy, clean, epochs=12", "fit(noisy, clean, epochs=1"),
            ("many[learn], epochs=12", "many[learn], epochs=1"),
            ("fit(x, y, epochs=12", "fit(x, y, epochs=1"),
            ("fit(train, train, epochs=6", "fit(train[:300], train[:300], epochs=1"),
        ],
        "a longer record, another pulse, more noise": [
            ("SAMPLES, NOISE_V = 64, 0.4", "SAMPLES, NOISE_V = 50, 0.9"),
            ("np.exp(-np.arange(SAMPLES) / 6)", "np.exp(-((np.arange(SAMPLES) - 9) ** 2) / 8)"),
            ("fit(noisy, clean, epochs=12", "fit(noisy, clean, epochs=1"),
            ("fit(train, train, epochs=6", "fit(train[:300], train[:300], epochs=1"),
        ],
        "a deep dense network, a wide convolution": [
            (
                'dense.add(layers.Dense(128, activation="relu"))\n',
                'dense.add(layers.Dense(32, activation="tanh"))\n',
            ),
            (
                "network.add(layers.Conv2D(32, 3, strides=2, **same))\n",
                "network.add(layers.Conv2D(4, 5, strides=4, **same))\n"
                "network.add(layers.UpSampling2D())\n",
            ),
            ("fit(train, train, epochs=6", "fit(train[:300], train[:300], epochs=1"),
        ],
        "three other noises": [
            (
                '    "Gaussian 0.25": ("gaussian", 0.25),\n'
                '    "Gaussian 0.5": ("gaussian", 0.5),\n',
                '    "Gaussian 1": ("gaussian", 1.0),\n',
            ),
            ('"masking 0.5": ("masking", 0.5),', '"masking 0.75": ("masking", 0.75),'),
            ('PixelNoise("gaussian", 0.5, seed=0)', 'PixelNoise("masking", 0.9, seed=4)'),
            ("fit(train, train, epochs=6", "fit(train[:300], train[:300], epochs=1"),
        ],
        "another spin, other steps from noise to pulse": [
            ("sigma, measured = 0.5", "sigma, measured = 1.5"),
            ("np.geomspace(5, 0.005, 80)", "np.linspace(2, 0.1, 7)"),
            ("size=(20, SAMPLES)", "size=(3, SAMPLES)"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return network"),
        ],
    },
    "lstm/outlook": {
        "few records, one epoch": [
            ("records=2000, num_steps=40, seed=0", "records=300, num_steps=40, seed=0"),
            ("records=2000, num_steps=40, seed=2", "records=200, num_steps=40, seed=5"),
            ("fit(x, y, epochs=5", "fit(x, y, epochs=1"),
            ("last, epochs=4", "last, epochs=1"),
            ("labels, epochs=5", "labels, epochs=1"),
            ("labels, epochs=15", "labels, epochs=1"),
        ],
        "an LSTM, and padding that is not masked": [
            ("layers.GRU(11, return", "layers.LSTM(3, return"),
            ("masked.add(layers.Masking(mask_value=-1))\n", ""),
            ("masked.add(layers.GRU(16))", "masked.add(layers.SimpleRNN(4))"),
        ],
        "stacked forward layers, shorter records": [
            (
                "both.add(layers.Bidirectional(layers.GRU(11, return_sequences=True)))",
                "both.add(layers.GRU(4, return_sequences=True))\n"
                "both.add(layers.GRU(4, return_sequences=True))",
            ),
            ("(records=2000, num_steps=40, seed=2)", "(records=2000, num_steps=25, seed=2)"),
        ],
        "padding with another value": [
            ("np.where(inside, counts, -1)", "np.where(inside, counts, 0)"),
            ("mask_value=-1", "mask_value=0"),
            ("constant_values=-1", "constant_values=0"),
        ],
        "small attention and minGRU, shorter recall": [
            ("series=2000, num_steps=40", "series=400, num_steps=17"),
            ("series=1000, num_steps=40", "series=100, num_steps=17"),
            ("key_dim=36", "key_dim=5"),
            ("MinGRU(51)", "MinGRU(3)"),
            ("labels, epochs=15", "labels, epochs=2"),
        ],
        "another filter, another clock": [
            ("forward(n, 0.05, (0.5, 2.0))", "forward(n, 0.3, (0.1, 4.0))"),
            ("rng.exponential(0.5", "rng.uniform(0, 0.3"),
            (
                "size=(5, 1000, 3)), rng.normal(size=(5, 1000, 3))",
                "size=(1, 33, 2)), rng.normal(size=(1, 33, 2))",
            ),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return masked"),
        ],
    },
    "lstm/long_memory": {
        "few records, not trained for long": [
            ("(2000, 500, 1000)", "(300, 40, 60)"),
            ("epochs=15)", "epochs=1)"),
            ("epochs=10)", "epochs=2)"),
            ('"epochs": 16', '"epochs": 1'),
        ],
        "a GRU that recalls, a simple network that adds, an LSTM for the delay": [
            ("layers.SimpleRNN(17))", "layers.GRU(5))"),
            ("layers.GRU(9))", "layers.SimpleRNN(4))"),
            ("layers.SimpleRNN(17, return", "layers.LSTM(3, return"),
            ("epochs=15)", "epochs=1)"),
            ("epochs=10)", "epochs=1)"),
            ('"epochs": 16', '"epochs": 1'),
        ],
        "a large rate without clipping": [
            ("Adam(learning_rate, global_clipnorm=1.0)", "Adam(10 * learning_rate)"),
            ("Adam(0.02, global_clipnorm=1.0)", "Adam(0.3)"),
            ("epochs=15)", "epochs=2)"),
            ("epochs=10)", "epochs=2)"),
            ('"epochs": 16', '"epochs": 2'),
        ],
        "a short recall, a long delay": [
            ("\nT = 40\n", "\nT = 7\n"),
            ("DELAY = 10", "DELAY = 25"),
            ("epochs=15)", "epochs=1)"),
            ("epochs=10)", "epochs=1)"),
            ('"epochs": 16', '"epochs": 1'),
        ],
        "other sizes, two seeds": [
            ('{"rnn": 17, "gru": 9, "lstm": 8}', '{"rnn": 6, "gru": 4, "lstm": 5}'),
            ("seeds = {}, {}, range(5)", "seeds = {}, {}, range(2)"),
            ("range(3)}", "range(1)}"),
            ('["test"] < 0.1)', '["test"] < 0.5)'),
            ("epochs=15)", "epochs=1)"),
            ("epochs=10)", "epochs=1)"),
            ('"epochs": 16', '"epochs": 1'),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return model"),
            ("epochs=15)", "epochs=1)"),
            ("epochs=10)", "epochs=1)"),
            ('"epochs": 16', '"epochs": 1'),
        ],
    },
    "cnn/why_convolutions": {
        "an own network": [
            (
                '        Conv2D(24, 5, activation="relu"),\n',
                '        MaxPooling2D(2),\n        Conv2D(8, 3, activation="relu"),\n',
            ),
            ("import Conv2D, Dense, Glo", "import Conv2D, Dense, MaxPooling2D, Glo"),
        ],
        "one kernel": [("Conv2D(12, 9, strides=2", "Conv2D(1, 5")],
        "twenty kernels that do not overlap": [
            ("Conv2D(12, 9, strides=2", "Conv2D(20, 4, strides=4")
        ],
        "few events, one epoch": [("events(6000,", "events(300,"), ("epochs=8", "epochs=1")],
        "learning rate 1": [("Adam(0.003)", "Adam(1.0)")],
        "longer kernels by hand": [
            ("def line_kernel(angle, size=9)", "def line_kernel(angle, size=21)"),
            ("# (9, 9, angles)", "# (21, 21, angles)"),
        ],
        "six angles": [
            ("angles = np.arange(0, 180, 15)\nkernels", "angles = np.arange(0, 180, 30)\nkernels")
        ],
        "another event, without noise": [
            ("angle = 60  # degrees", "angle = 30"),
            ("noise=1.0, seed=11)", "noise=0.2, seed=3)"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return model"),
        ],
    },
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
    "lstm/gates": {
        "a GRU, few records, not trained for long": [
            ("layers.LSTM(8, return", "layers.GRU(3, return"),
            ("hold_records(1000, 40, seed=1)", "hold_records(50, 15, seed=7)"),
            ("epochs=25", "epochs=1"),
        ],
        "a simple network, commands that are rarer": [
            ("layers.LSTM(8, return", "layers.SimpleRNN(5, return"),
            ("< 0.1\n", "< 0.01\n"),
            ("epochs=25", "epochs=2"),
        ],
        "two layers, not clipped, at a rate that is too large": [
            (
                "network.add(layers.LSTM(8, return_sequences=True))\n",
                "network.add(layers.LSTM(6, return_sequences=True))\n"
                "network.add(layers.LSTM(2, return_sequences=True))\n",
            ),
            ("Adam(0.01, global_clipnorm=1.0)", "Adam(1.0)"),
            ("epochs=25", "epochs=2"),
        ],
        "a cell with soft gates": [
            ("[20, -20, 0, 0]", "[2, -1, 0.5, 3]"),
            ("[-10, 10, 0, 20]", "[0, 0, 0, 0]"),
        ],
        "other sizes for the comparison with Keras": [
            ("m, T, n, u = 5, 7, 3, 4", "m, T, n, u = 1, 2, 6, 9"),
            ("default_rng(0)", "default_rng(8)"),
            ("range(6)", "(-3, 0.5, 12)"),
        ],
        "another record is looked into": [
            ("validation[0][0], validation[1][0]", "test[0][3, :90], test[1][3, :90]"),
            ("epochs=25", "epochs=1"),
        ],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained model", "return network"),
            ("epochs=25", "epochs=1"),
        ],
    },
    "autoencoders/variational": {
        "three numbers, few units, one epoch": [
            ("latent_dim=2, hidden=100", "latent_dim=3, hidden=7"),
            ("epochs=12", "epochs=1"),
            ("epochs=60", "epochs=2"),
            ("epochs=6", "epochs=1"),
        ],
        "another beta, another rate": [
            ("Variational(*halves(), cross_entropy)", "Variational(*halves(), cross_entropy, 4.0)"),
            ("keras.optimizers.Adam(3e-3)", "keras.optimizers.Adam(0.05)"),
            ("epochs=12", "epochs=2"),
        ],
        "a plane of three axes": [("k = 2\n", "k = 3\n"), ("epochs=60", "epochs=3")],
        "another detector": [
            ("X, S = 2.0, 0.5", "X, S = 0.5, 1.0"),
            ("mean, sigma, step = 1.0, 0.2, 1e-5", "mean, sigma, step = -0.3, 0.9, 1e-5"),
        ],
        "few black-and-white digits": [
            ("load_mnist()", "load_mnist(train_images=200, validation_images=50, test_images=50)"),
            ("part.inputs.reshape(-1, 784)", "(part.inputs > 0.5).reshape(-1, 784) * 1.0"),
            ("epochs=12", "epochs=2"),
        ],
        "other tables": [("latent_dim == 10", "latent_dim == 20"), ("epochs=12", "epochs=1")],
        "own exercises of every kind": [
            ("return ...  # your answer: a trained decoder", "return halves()[1]"),
            ("epochs=12", "epochs=1"),
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
