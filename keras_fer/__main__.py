"""`python -m keras_fer` is the command `keras-fer`."""

import sys

from keras_fer import cli

sys.exit(cli.main())
