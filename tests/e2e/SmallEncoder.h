// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small encoders with seeded weights as text of the nn dialect: what a decoder
// has not. Heads of 16 columns are padded on every target but nano.

#pragma once

#include <string>

namespace dalbit::test {

/// Post-norm layers over ids and token types with a padding mask; a pooled
/// first token through tanh. Inputs ids, types, mask [B, T]; outputs hidden
/// [B, T, 48] and pooled [B, 48]. Any T up to \p context.
/// With \p biased, scores have a bias by distance.
std::string smallBertText(int context, bool biased = false);
/// The same with the ones of the mask counted, or with numbers of keys [B].
std::string smallCountingBertText(int context, bool numbers);

/// Heads between the linear layers and the attention of an encoder.
struct SmallHeads {
  int keys = 3;  ///< heads of keys and values, of 3 of queries
  int pairs = 0; ///< columns of a head that angles turn, halved
  bool interleaved = false;
  bool norms = false;   ///< of each head, before the angles
  bool centred = false; ///< layer norms, numbers of each head
  bool valuesTurn = false;
  int window = 0; ///< 0: all keys are seen
};
/// The same, \p heads as they say.
std::string smallTurnedBertText(int context, const SmallHeads &heads);

/// The same with a bias and sinks.
std::string smallSunkBertText(int context);

/// Patches of an image [B, 3, 16, 16] with kernel 4, a class token, positions,
/// pre-norm layers with relu; logits [B, 10] of the class token. With
/// \p biased, scores have a number for each query and key; with \p turned,
/// heads are turned by the place of their patch.
std::string smallVitText(bool biased = false, bool turned = false);

/// Two convolutions over [B, 10, \p frames] (the second with stride 2), an
/// encoder layer, and a decoder over ids [B, T] that attends to it; logits
/// [B, T, 40], keys and values of both attentions. With \p masked, an input
/// mask [B, (frames + 1) / 2] hides encoded frames.
std::string smallWhisperText(int frames, bool masked = false);

/// Cross attention of q [1, 5, 48] to kv [1, 9, 48] with a mask of numbers
/// [5, 9]; outputs y [1, 5, 48] and weights [1, 5, 9].
std::string smallCrossText();

/// A causal layer over ids [B, 12]; the token that a pick with \p attributes
/// finds by them and the last that a mask [B, 12] shows, [B, 48] each.
std::string smallClipText(const std::string &attributes = "");

/// A layer over ids [B, T] whose positions are the tokens before that are not
/// 1; one number a token, [B, T].
std::string smallCountedText();

/// A layer over x [B, 5, 48] and one row behind it that step [1] chooses for
/// all sequences, then attention and a norm without a linear layer between
/// them; the result is [6, B, 48].
std::string smallStepsText();

/// Classes of each row of x [B, T, 32]: probabilities [B, T, 75], the three
/// largest and their columns [B, T, 3].
std::string smallClassesText();

/// Windows of three parts of the channels of x [B, 24, 32], whose products add
/// up: a convolution in groups; y [B, 24, 32].
std::string smallPartsText();

} // namespace dalbit::test
