import keras


def normalized_network():
    """Build a network with layers that no recipe has: normalization and dropout."""
    return keras.Sequential(
        [
            keras.layers.Input((28, 28, 1), name="image"),
            keras.layers.Conv2D(2, 3, activation="relu", name="conv1"),
            keras.layers.MaxPooling2D(2, name="pool1"),
            keras.layers.BatchNormalization(name="norm1"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dropout(0.5, name="dropout1"),
            keras.layers.Dense(3, activation="relu", name="dense"),
            keras.layers.Dense(10, activation="softmax", name="probabilities"),
        ]
    )
