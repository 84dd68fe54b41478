import Attacks
